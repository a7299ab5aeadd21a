//! Recordings with cookies only for a while.

use super::*;

pub(super) fn recordings() -> Vec<Recording> {
    const PHASES: &[crate::record::plan::Settings] = &[&[(COOKIES, "1")], &[(COOKIES, "2")], &[(COOKIES, "1")]];
    let episode = Recording {
        label: "episode",
        note: "cookies in the middle phase only",
        phases: PHASES,
        proof: proof::some_cookies,
        ..PLAIN
    };
    vec![
        Recording { name: "episode_ts", ..episode },
        Recording { name: "episode_nots", client_sysctl: &[(TS, "0")], ..episode },
        Recording {
            name: "episode_server_nots",
            note: "server without timestamps: its cookies have only an MSS for every client",
            server_sysctl: &[(COOKIES, "1"), (TS, "0")],
            ..episode
        },
        Recording { name: "episode_v6", v6: true, ..episode },
        Recording { name: "episode_wan", wan: Some(JITTER), ..episode },
    ]
}
