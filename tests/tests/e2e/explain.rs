//! `syncookie explain`: the story of one handshake, and `--kernel`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::pcap::{Capture, Resolution};
use syncookie_tests::analyze::{Analyzed, analyze, command, run, unwrapped};
use syncookie_tests::programs::programs;
use syncookie_tests::tshark::{Tshark, private_folder};
use syncookie_tests::{assert_none, complaints, package, sample, samples};

const USER_TRACE: &str = "user-trace/synproxy_mid_misconfig_loose1/client.pcap";

fn user_trace() -> PathBuf {
    sample(USER_TRACE)
}

/// A saved output of the kernel.
fn kernel(name: &str) -> String {
    package().join("kernel").join(name).to_str().expect("a plain name").to_owned()
}

fn explain<S: AsRef<Path>>(captures: &[S], options: &[&str]) -> Analyzed {
    let mut command = Command::new(&programs().syncookie);
    command.arg("explain").args(captures.iter().map(AsRef::as_ref)).args(options).env("COLUMNS", "100");
    run(&mut command)
}

/// The story as JSON.
fn story<S: AsRef<Path>>(captures: &[S], options: &[&str]) -> Value {
    let explained = explain(captures, &[options, &["--format", "json"]].concat());
    assert_eq!(explained.code, Some(0), "{}", explained.stderr);
    serde_json::from_str(&explained.stdout).unwrap_or_else(|error| panic!("{error}: {}", explained.stdout))
}

fn kinds(story: &Value) -> Vec<(String, bool)> {
    let causes = story["handshake"]["cause"].as_array().cloned().unwrap_or_default();
    causes
        .iter()
        .map(|cause| (cause["kind"].as_str().unwrap_or_default().to_owned(), cause["ruled_out"] == true))
        .collect()
}

#[test]
fn a_failed_handshake_is_explained_before_a_delayed_one() {
    let story = story(&[package().join("causes/queue_full/client.pcap")], &[]);
    assert_eq!(story["handshake"]["failed"], true, "{}", story["handshake"]);
}

#[test]
fn a_client_that_a_flood_hindered_is_explained_before_the_flood() {
    let capture = sample("linux-6.18/noflood_drop/client.pcap");
    assert_eq!(story(std::slice::from_ref(&capture), &[])["handshake"]["client"]["ip"], "10.0.1.2");
    let table = unwrapped(&run(&mut plain_analyze(&capture)).stdout);
    let said = "silent-drop (10 handshakes; one of several causes, syn-flood is about as probable; see frame 301 of \
                client.pcap)";
    assert!(table.contains(said), "{table}");
}

#[test]
fn a_connection_that_got_stuck_or_was_late_is_explained_as_such() {
    let stuck = explain(&[package().join("cases/path-mtu/capture.pcap")], &[]).stdout;
    let text = unwrapped(&stuck);
    assert!(
        text.contains("completed the handshake, and then the connection got stuck. Most likely cause: "),
        "{stuck}"
    );
    assert!(text.contains("established, stuck, path-mtu") && !text.contains("the connection works"), "{stuck}");
    let late = explain(&[sample("linux-6.18/lossy_plain_ts/client.pcap")], &[]).stdout;
    assert!(unwrapped(&late).contains("completed the handshake late, 1.0 s after its first SYN."), "{late}");
}

#[test]
fn the_second_cause_is_in_the_summary_where_it_is_nearly_as_likely() {
    let text = explain(&[sample("linux-6.18/cookie_bad_ack/client.pcap")], &[]).stdout;
    let said = "(cookie-rejected; one of several causes, about 2.5 times as probable as listener-gone). The cause \
                cookie-rejected assumes a SYN cookie, but no packet proves one. Packets";
    assert!(unwrapped(&text).contains(said), "{text}");
    let proven = explain(&[user_trace()], &[]).stdout;
    assert!(!unwrapped(&proven).contains("but no packet proves one"), "{proven}");
}

#[test]
fn the_reader_learns_why_a_second_group_of_signals_does_not_count() {
    let text = unwrapped(&explain(&[sample("linux-6.18/synproxy_opts/client.pcap")], &[]).stdout);
    let said = "independent evidence from a second group of signals that favours a SYN proxy more than a SYN cookie.";
    assert!(text.contains(said) && text.contains("for syn-cookie or syn-proxy"), "{text}");
}

#[test]
fn what_contradicts_a_piece_of_evidence_is_not_part_of_its_sentence() {
    let text = unwrapped(&explain(&[sample("linux-6.18/lossy_synproxy/client.pcap")], &[]).stdout);
    assert!(
        text.contains("TTL 64 in the SYN-ACK and in the server's next segment: one machine"),
        "a later one differs"
    );
    assert!(text.contains("opens the window to 63 (not scaled)"), "{text}");
    assert!(!text.contains("the reset took"), "it may answer any of three ACKs: {text}");
}

#[test]
fn causes_of_delays_are_other_ones_only_after_a_cause_of_delays() {
    let table = unwrapped(&run(&mut plain_analyze(&sample("linux-6.18/lossy_synproxy/client.pcap"))).stdout);
    assert!(table.contains(" Causes of delays: syn-lost (4 handshakes; "), "{table}");
    assert!(!table.contains("Other causes of delays"), "{table}");
}

/// `analyze` that writes its table.
fn plain_analyze(capture: &Path) -> Command {
    let mut command = Command::new(&programs().syncookie);
    command.arg("analyze").arg(capture);
    command
}

#[test]
fn what_to_do_next_says_why_it_ends_before_the_last_cause() {
    let next = |sample: PathBuf| {
        let text = unwrapped(&explain(&[sample], &[]).stdout);
        let (_, next) = text.split_once("What to do next ").expect("a section");
        next.split_once(" Other handshakes").map_or(next, |(next, _)| next).to_owned()
    };
    assert_eq!(
        next(user_trace()),
        "Run the check of cause 1. The others can wait: cause 1 is about 1,100 times as probable as cause 2."
    );
    assert_eq!(
        next(sample("linux-6.18/plain_bad_ack/client.pcap")),
        "Run the check of cause 1. If it does not confirm the cause, run those of causes 2 and 3. The others are less \
         probable."
    );
    let both = user_trace().parent().expect("it is in a folder").to_owned();
    let said = "Another of these captures has confirmed cause 1. The remaining commands of cause 1 show what to repair. \
                The other causes need no check.";
    assert!(next(both.clone()).starts_with(said), "{}", next(both));
}

#[test]
fn what_matches_nothing_is_named_as_it_was_given() {
    let explained = explain(&[user_trace()], &["--client", "192.0.2.77"]);
    assert!(explained.stderr.contains("none of the 3 handshakes matches --client 192.0.2.77"), "{}", explained.stderr);
}

#[test]
fn the_users_trace_is_explained_packet_by_packet_with_its_cause_and_the_causes_ruled_out() {
    let explained = explain(&[user_trace()], &[]);
    assert_eq!((explained.code, explained.stderr.as_str()), (Some(0), ""));
    let text = unwrapped(&explained.stdout);
    for part in [
        "10.9.1.50:20055 → 10.9.2.1:8080",
        "(syn-proxy, likely, odds about 1,300 to 1). The server side reset the connection",
        "Most likely cause: ",
        "(proxy-leaked-ack).",
        "[SYN] seq 1514360157 (0), win 64240, MSS 1460, SACK permitted, window scale 8, TTL 64, IP ID 0x90fb",
        "[SYN, ACK] seq 3854166339 (0), ack 1514360158 (1), win 0, MSS 1380, TTL 64, IP ID 0x0000",
        "it does not identify a product",
        "[RST] seq 3854166340 (1), win 0, TTL 63, IP ID 0x0000",
        "[signal zero-window: about 22,000 to 1 for syn-proxy; frame 2]",
        "1. (most likely) proxy-leaked-ack",
        "ruled out: cookie-rejected",
        "because the SYN-ACK's window is 0",
        "ruled out: accept-queue-overflow",
        "to confirm, on the server: tcpdump -ni any 'tcp port 8080' (confirmed if",
        "What to do next Run the check of cause 1.",
        "The captures contain 2 other handshakes. Choose one with --frame, --client or --server:",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{}", explained.stdout);
    }
    assert!(!text.contains("nats"), "{}", explained.stdout);
    for claim in ["is a Cisco", "like Cisco", "is an F5", "ASA answered"] {
        assert!(!text.contains(claim), "{claim:?} is claimed");
    }
}

#[test]
fn with_verbose_the_weights_are_listed_and_add_up_for_an_undetermined_handshake_too() {
    for capture in [user_trace(), package().join("causes/challenge_reset/client.pcap")] {
        let text = explain(&[capture], &["--verbose"]).stdout;
        assert!(text.contains("[prior: about 150 to 1 for ordinary]"), "{text}");
        let (_, list) = text
            .split_once("Log-odds of syn-proxy against ordinary (natural logarithm):\n")
            .expect("the list is there");
        let first = |line: &str| line.split_whitespace().next().and_then(|number| number.parse::<f64>().ok());
        let numbers: Vec<f64> = list.lines().map_while(first).collect();
        let (total, terms) = numbers.split_last().expect("there are terms");
        assert!(terms.len() > 2 && (terms.iter().sum::<f64>() - total).abs() < 0.02, "{list}");
    }
}

#[test]
fn an_ordinary_handshake_is_not_asked_for_where_the_listener_has_one() {
    let text = unwrapped(&explain(&[package().join("causes/challenge_reset/client.pcap")], &[]).stdout);
    assert!(
        text.contains("undecided because the SYN-ACK lacks options that other SYN-ACKs of this listener have"),
        "{text}"
    );
    assert!(!text.contains("while the server is not overloaded"), "{text}");
}

#[test]
fn a_capture_at_the_server_is_not_asked_for_where_it_is_given() {
    let said = [
        (sample(USER_TRACE), "this server reset the ACK of 3 connections without a SYN (first reset: frame 2)"),
        (package().join("causes/queue_full/client.pcap"), "whether the SYN reached the server after it had passed"),
        (
            package().join("causes/challenge_reset/client.pcap"),
            "server.pcap (nearer to the server) does not contain this connection",
        ),
    ];
    for (client, said) in said {
        let text = unwrapped(&explain(&[client.clone(), client.with_file_name("server.pcap")], &[]).stdout);
        assert!(text.contains(said) && !text.contains("(a capture at the server shows it)"), "{text}");
    }
    let alone = unwrapped(&explain(&[user_trace()], &[]).stdout);
    assert!(alone.contains("received a SYN of this connection (a capture at the server shows it)"), "{alone}");
}

#[test]
fn the_same_for_programs() {
    let story = story(&[user_trace()], &[]);
    assert_eq!((&story["type"], &story["matching"]), (&"explanation".into(), &3.into()));
    let whats: Vec<_> = story["packets"].as_array().expect("a list").iter().map(|p| p["what"].clone()).collect();
    assert_eq!(whats, ["SYN", "SYN-ACK", "ACK", "RST"]);
    let reset = &story["packets"][3];
    assert_eq!(
        (&reset["frame"], &reset["from"], &reset["relative_seq"], &reset["relative_ack"], &reset["hop_limit"]),
        (&4.into(), &"server".into(), &1.into(), &Value::Null, &63.into())
    );
    let analyzed = analyze([user_trace()]).objects("handshake").remove(0);
    let mut handshake = story["handshake"].clone();
    handshake["type"] = "handshake".into();
    assert_eq!(handshake, analyzed, "explain and analyze say the same of it");
    assert!(!story["next"].as_array().expect("a list").is_empty());
    assert_eq!(story["others"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_handshake_is_chosen_by_any_of_its_frames_by_its_client_and_by_its_server() {
    let syn_ack = |options: &[&str]| story(&[user_trace()], options)["handshake"]["frames"]["syn_ack"].clone();
    for frame in ["5", "6", "7", "8"] {
        assert_eq!(syn_ack(&["--frame", frame]), 6, "frame {frame}");
    }
    assert_eq!(syn_ack(&["--client", "10.9.1.50:20057"]), 10);
    assert_eq!(syn_ack(&["--client", "10.9.1.50", "--server", "10.9.2.1:8080"]), 2);
    let nobody = explain(&[user_trace()], &["--server", "10.9.2.1:81"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.contains("none of the 3 handshakes"), "{}", nobody.stderr);
}

#[test]
fn a_frame_outside_any_handshake_is_reported_with_the_reason() {
    let cases = [
        (user_trace(), "13", "the capture has only 12 frames"),
        (sample("user-trace/synproxy_mid_misconfig_loose1/server.pcap"), "1", "no SYN or SYN-ACK of its connection"),
        (package().join("cases/no-tcp/capture.pcap"), "1", "it contains no IP packet"),
    ];
    for (capture, frame, why) in cases {
        let explained = explain(&[&capture], &["--frame", frame]);
        assert_eq!((explained.code, explained.stdout.as_str()), (Some(1), ""), "{}", capture.display());
        let said = format!("frame {frame} does not belong to a handshake");
        assert!(explained.stderr.contains(&said) && explained.stderr.contains(why), "{}", explained.stderr);
    }
}

#[test]
fn wrong_usage_is_said_and_writes_nothing() {
    let both = [user_trace(), sample("linux-6.18/plain_ts/client.pcap")];
    let several = explain(&both, &["--frame", "1"]);
    assert!(several.code == Some(1) && several.stderr.contains("name one"), "{several:?}");
    for options in [&["--frame", "1", "--client", "10.0.0.1"][..], &["--client", "nobody"], &["--frame", "x"]] {
        assert_eq!(explain(&[user_trace()], options).code, Some(1), "{options:?}");
    }
    assert_eq!(explain(&["no/such/file"], &[]).code, Some(1));
    let mut piped = Command::new(&programs().syncookie);
    let piped = run(piped.args(["explain", "-"]).stdin(Stdio::null()));
    assert!(piped.code == Some(1) && piped.stderr.contains("read only once"), "{piped:?}");
    let text = package().join("../LICENSE");
    let explained = explain(&[user_trace()], &["--kernel", text.to_str().expect("a plain name")]);
    assert!(explained.code == Some(1) && explained.stderr.contains("LICENSE"), "{explained:?}");
}

#[test]
fn the_output_goes_into_a_file_and_never_over_a_capture() {
    let folder = private_folder();
    let (copy, page) = (folder.path().join("a.pcap"), folder.path().join("story.txt"));
    fs::copy(user_trace(), &copy).expect("the folder is ours");
    let explained = explain(&[&copy], &["-o", page.to_str().expect("a plain name")]);
    assert_eq!((explained.code, explained.stdout.as_str()), (Some(0), ""));
    assert!(fs::read_to_string(&page).expect("it was written").contains("proxy-leaked-ack"));
    let over = explain(&[&copy], &["-o", copy.to_str().expect("a plain name")]);
    assert_eq!(over.code, Some(1));
    assert_eq!(fs::read(&copy).expect("it is there"), fs::read(user_trace()).expect("it is there"));
}

#[test]
fn the_user_s_own_numbers_rule_out_the_accept_queue_and_the_text_names_them() {
    let files = [kernel("user/netstat-s.txt"), kernel("user/sysctl.txt")];
    let options = ["--kernel", &files[0], &files[1]];
    let text = unwrapped(&explain(&[user_trace()], &options).stdout);
    for part in [
        "because ListenOverflows has been 0 since boot",
        "because tcp_abort_on_overflow is 0",
        "applied to every server in these captures (to limit this to one, use --server)",
        "except SyncookiesFailed, which counts only in the two minutes after the listener sent a SYN cookie",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    // Counters rule out the cause that the packets alone suggest for this reset.
    let overflow = sample("linux-6.18/abort_on_overflow/client.pcap");
    let alone = story(&[&overflow], &[]);
    let (kind, ruled_out) = kinds(&alone).remove(0);
    assert!(kind == "accept-queue-overflow" && !ruled_out, "{:?}", kinds(&alone));
    let informed = story(&[&overflow], &options);
    assert!(kinds(&informed).contains(&("accept-queue-overflow".to_owned(), true)), "{:?}", kinds(&informed));
    let other = story(&[&overflow], &[&options[..], &["--server", "10.0.2.2"]].concat());
    assert!(other["kernel"].as_str().expect("a sentence").contains("the server 10.0.2.2"), "{}", other["kernel"]);
}

#[test]
fn two_readings_give_differences_in_explain_and_in_analyze() {
    let files = [kernel("leaked-ack/before.txt"), kernel("leaked-ack/after.txt")];
    let folder = kernel("leaked-ack");
    // The files have no date. A folder is read by name, which begins with the later one.
    for reversed in [&["--kernel", &files[1], &files[0]][..], &["--kernel", &folder]] {
        let text = unwrapped(&explain(&[user_trace()], reversed).stdout);
        for part in ["(proxy-leaked-ack)", "OutRsts rose by 3 between the readings", "is taken as saved before"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("OutRsts has been 0 since boot"), "{text}");
    }
    let text = unwrapped(&explain(&[user_trace()], &["--kernel", &files[0], &files[1]]).stdout);
    assert!(text.contains("OutRsts rose by 3 between the readings, and these did not: ListenOverflows"), "{text}");
    assert!(
        text.contains("The two readings have no date: the first is assumed to be from before the failure, the second"),
        "{text}"
    );
    let mut command = command([user_trace()]);
    let analyzed = run(command.arg("--kernel").args(&files));
    assert!(analyzed.code == Some(0) && analyzed.stderr.contains("every server"), "{}", analyzed.stderr);
    for handshake in analyzed.objects("handshake") {
        assert!(handshake["cause"].to_string().contains("OutRsts rose by 3"), "{handshake}");
    }
    let elsewhere = run(command.args(["--server", "10.9.2.99"]));
    assert!(!elsewhere.stdout.contains("OutRsts rose"), "the kernel of another server moves nothing");
}

#[test]
fn ipv6_and_tunnelled_handshakes_are_explained() {
    let six = story(&[sample("linux-6.18/plain_v6/client.pcap")], &["--client", "fd01::2"]);
    let packets = six["packets"].as_array().expect("a list");
    assert!(packets.len() > 4 && packets[0]["ip_id"].is_null() && packets[0]["hop_limit"] == 64, "{packets:?}");
    let folder = private_folder();
    let tunnel = folder.path().join("ipip.pcap");
    fs::write(&tunnel, in_ip(&Capture::read(&user_trace())).write_plain()).expect("the folder is ours");
    let (inside, plain) = (story(&[&tunnel], &[]), story(&[user_trace()], &[]));
    let shown = |story: &Value| {
        let packets = story["packets"].as_array().expect("a list").clone();
        packets.into_iter().map(|p| (p["frame"].clone(), p["shows"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(shown(&inside), shown(&plain));
    assert_eq!(story(&[&tunnel], &["--frame", "8"])["handshake"]["frames"]["syn_ack"], 6);
}

/// Every IP packet inside another (RFC 2003).
fn in_ip(capture: &Capture) -> Capture {
    let mut outer = capture.clone();
    for record in &mut outer.records {
        let inner = record.bytes.split_off(14);
        let length = u16::try_from(inner.len() + 20).expect("the samples are short").to_be_bytes();
        record.bytes.extend([0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, 4, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        record.bytes.extend(inner);
        record.original += 20;
    }
    outer
}

#[test]
fn a_handshake_across_two_rotated_files_is_explained_whole() {
    let folder = private_folder();
    let capture = Capture::read(&user_trace());
    for (index, records) in capture.records.chunks(2).enumerate() {
        let part = Capture { records: records.to_vec(), ..capture.clone() };
        let name = folder.path().join(format!("ring_{index:05}.pcap"));
        fs::write(name, part.write(ByteOrder::Little, Resolution::Nano)).expect("the folder is ours");
    }
    let story = story(&[folder.path()], &["--client", "10.9.1.50:20055"]);
    let packets = story["packets"].as_array().expect("a list");
    let places: Vec<_> = packets.iter().map(|p| p["frame"].as_u64()).collect();
    assert_eq!(places, [Some(1), Some(2), Some(1), Some(2)]);
    assert_ne!(packets[0]["capture"], packets[2]["capture"]);
    assert_eq!(kinds(&story)[0].0, "proxy-leaked-ack");
}

#[test]
fn every_sample_with_a_handshake_is_explained() {
    let check = |path: &PathBuf| {
        let has = !analyze([path]).handshakes().is_empty();
        let explained = explain(&[path], &[]);
        let is_explained =
            explained.code == Some(if has { 0 } else { 1 }) && (explained.stdout.contains("\nPackets\n") == has);
        let frames = if has { story(&[path], &[]) } else { Value::Null };
        let is_short = frames["packets"].as_array().is_none_or(|packets| !packets.is_empty() && packets.len() <= 40);
        if is_explained && is_short {
            Vec::new()
        } else {
            vec![format!("{}: {:?} {}", path.display(), explained.code, explained.stderr)]
        }
    };
    assert_none(&complaints(&samples(), check));
}

#[test]
fn a_truncated_capture_is_explained_and_reported_by_the_exit_code() {
    let explained = explain(&[package().join("cases/truncated-tail/capture.pcap")], &[]);
    assert_eq!(explained.code, Some(2), "{explained:?}");
    assert!(
        explained.stdout.contains("\nPackets\n") && explained.stderr.contains("capture.pcap"),
        "{}",
        explained.stderr
    );
}

#[test]
fn wireshark_shows_the_top_cause_and_its_check_on_the_syn_ack_and_on_the_reset() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let trace = tshark.stage(&user_trace());
    for frame in [2, 4] {
        let filter = format!("frame.number == {frame}");
        let shown = tshark.run(["-2", "-r", trace.to_str().expect("a plain name"), "-V", "-Y", &filter]).stdout;
        let text = unwrapped(&shown);
        assert!(text.contains("Most likely cause: the client's ACK went past the SYN proxy"), "{shown}");
        assert!(text.contains("tcpdump -ni any 'tcp port 8080'"), "{shown}");
    }
    let filter = "syncookie.cause.excluded == \"accept-queue-overflow\" && frame.number == 2";
    assert_eq!(tshark.frames(&trace, filter), [2]);
}
