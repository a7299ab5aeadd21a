//! `syncookie annotate`: captures with comments, small ones, and such as can be shown to strangers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::pcap::{Capture, Resolution};
use syncookie_testkit::pcapng::Pcapng;
use syncookie_testkit::rng::XorShift;
use syncookie_tests::analyze::{Analyzed, analyze, run};
use syncookie_tests::mutate::flip;
use syncookie_tests::programs::programs;
use syncookie_tests::tshark::{Tshark, private_folder};
use syncookie_tests::{assert_none, case, complaints, sample, samples};

fn user_trace() -> PathBuf {
    sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap")
}

/// `syncookie annotate` of a capture, and where it wrote to.
fn annotate(capture: &Path, options: &[&str]) -> (tempfile::TempDir, PathBuf, Analyzed) {
    let folder = private_folder();
    let output = folder.path().join("annotated.pcapng");
    let mut command = Command::new(&programs().syncookie);
    let ran = run(command.arg("annotate").args(options).arg(capture).arg("-o").arg(&output));
    (folder, output, ran)
}

/// What must not change of a handshake; addresses may.
fn judgement(handshake: &Value) -> String {
    let causes: Vec<&Value> = handshake["cause"].as_array().into_iter().flatten().map(|cause| &cause["kind"]).collect();
    let ports = (&handshake["client"]["port"], &handshake["server"]["port"]);
    let said = ["verdict", "confidence", "implementations", "outcome"].map(|key| handshake[key].to_string());
    format!("{} {ports:?} {said:?} {causes:?}", handshake["time"])
}

fn is_finding(handshake: &Value) -> bool {
    matches!(handshake["verdict"].as_str(), Some("syn-cookie" | "syn-proxy")) || !handshake["cause"].is_null()
}

/// The judgements of a capture's handshakes, each with whether it is a finding.
fn judgements(capture: &Path) -> Vec<(bool, String)> {
    analyze([capture]).objects("handshake").iter().map(|it| (is_finding(it), judgement(it))).collect()
}

/// What an annotated capture is judged otherwise than the capture it was made from.
fn differences(capture: &Path, all: &[&[&str]]) -> Vec<String> {
    let before = judgements(capture);
    all.iter().flat_map(|options| differences_with(capture, &before, options)).collect()
}

fn differences_with(capture: &Path, before: &[(bool, String)], options: &[&str]) -> Vec<String> {
    let (_folder, output, ran) = annotate(capture, options);
    let after = judgements(&output);
    let only_findings = options.contains(&"--only-findings");
    let wanted = |(is_finding, _): &&(bool, String)| !only_findings || *is_finding;
    let (before, after): (Vec<_>, Vec<_>) =
        (before.iter().filter(wanted).collect(), after.iter().filter(wanted).collect());
    let mut found: Vec<String> =
        before.iter().zip(&after).filter(|(a, b)| a != b).map(|(a, b)| format!("{a:?}\n  became {b:?}")).collect();
    if before.len() != after.len() {
        found.push(format!("{} handshakes became {}", before.len(), after.len()));
    }
    if ran.code != Some(0) || !ran.stderr.is_empty() {
        found.push(format!("{ran:?}"));
    }
    found.iter().map(|text| format!("{} {options:?}: {text}", capture.display())).collect()
}

#[test]
fn without_names_and_without_the_rest_every_sample_is_judged_as_before() {
    let every: [&[&str]; 2] = [&["--anonymize"], &["--only-findings"]];
    assert_none(&complaints(&samples(), |capture| differences(capture, &every)));
}

#[test]
fn every_form_of_capture_is_judged_the_same_with_comments_and_without_names() {
    let own = syncookie_tests::package().join("cases");
    let cases = case::all().into_iter().flat_map(|case| case.captures);
    let cases: Vec<PathBuf> = cases.filter(|capture| capture.starts_with(&own)).collect();
    assert!(cases.len() > 20);
    assert_none(&complaints(&cases, |capture| {
        let every: [&[&str]; 2] = [&[], &["--anonymize", "--only-findings"]];
        // What cannot be read whole is another test's.
        if analyze([capture]).code == Some(0) { differences(capture, &every) } else { Vec::new() }
    }));
}

#[test]
fn the_user_s_trace_keeps_its_verdict_and_cause_without_addresses() {
    let (_folder, output, ran) = annotate(&user_trace(), &["--anonymize", "--only-findings"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let handshakes = analyze([&output]).handshakes();
    assert_eq!(handshakes.len(), 3);
    for handshake in handshakes {
        assert_eq!((handshake.verdict.as_str(), handshake.outcome.as_str()), ("syn-proxy", "reset-by-server"));
        assert_eq!(handshake.first_cause(), Some("proxy-leaked-ack"));
        assert!(handshake.client.ip != "10.9.1.50" && handshake.server.ip != "10.9.2.1", "{handshake:?}");
        assert_eq!(handshake.server.port, 8080);
    }
}

#[test]
fn tshark_and_capinfos_read_it_and_show_the_comments() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    for options in [&[][..], &["--only-findings"], &["--anonymize"]] {
        let (_folder, output, _) = annotate(&user_trace(), options);
        let staged = tshark.stage(&output);
        let rows = tshark.fields(&staged, &["-2"], "frame.comment", &["frame.number", "frame.comment"]);
        let frames: Vec<_> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(frames, ["2", "4", "6", "8", "10", "12"], "{options:?}");
        for part in
            ["syn-proxy, likely, odds about 1,300 to 1", "zero-window", "proxy-leaked-ack", "To confirm, on the server"]
        {
            assert!(rows[0][1].contains(part), "{part:?} is not in {:?}", rows[0][1]);
        }
        assert!(rows[1][1].contains("this reset ended the handshake of frame 2. Most likely cause: the client's ACK"));
        let capinfos =
            Command::new("capinfos").args(["-M", "-t", "-c"]).arg(&output).output().expect("it comes with tshark");
        let said = String::from_utf8_lossy(&capinfos.stdout).into_owned();
        assert!(
            said.contains("pcapng")
                && said.lines().any(|line| line.starts_with("Number of packets") && line.ends_with(" 12")),
            "{said}"
        );
    }
}

#[test]
fn the_plugin_says_the_same_of_an_anonymised_capture() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let (_folder, output, _) = annotate(&user_trace(), &["--anonymize"]);
    let verdicts = |capture: &Path| {
        let fields = ["frame.number", "syncookie.verdict", "syncookie.confidence", "syncookie.outcome"];
        tshark.fields(&tshark.stage(capture), &["-2"], "syncookie.verdict", &fields)
    };
    assert_eq!(verdicts(&output), verdicts(&user_trace()));
}

#[test]
fn checksums_are_as_right_as_before_where_a_packet_is_whole() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    for name in ["linux-6.18/cookie_v6_ts/client.pcap", "linux-6.18/cookie_ts/client.pcap"] {
        let (_folder, output, _) = annotate(&sample(name), &["--anonymize"]);
        let (before, after) = (tshark.stage(&sample(name)), tshark.stage(&output));
        let check = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
        let frames = |staged: &Path, filter: &str| tshark.fields(staged, &check, filter, &["frame.number"]);
        // The sender of a capture may have left checksums to its network card.
        let right = "tcp.flags.syn == 1 && tcp.len == 0 && tcp.checksum.status == 1 && ip.checksum.status != 0";
        assert_eq!(frames(&after, right), frames(&before, right), "{name}");
        let wrong = "tcp.len > 0 && tcp.checksum.status == 0 || ip.checksum.status == 0";
        assert_eq!(frames(&after, wrong).len(), 0, "{name}");
    }
}

/// Whether these bytes stand anywhere in a file.
fn holds(file: &[u8], bytes: &[u8]) -> bool {
    file.windows(bytes.len()).any(|window| window == bytes)
}

#[test]
fn nothing_of_an_anonymised_capture_names_anybody() {
    let secrets: [(&[u8], &str); 6] = [
        (&[10, 9, 1, 50], "the client's address"),
        (&[10, 9, 2, 1], "the server's address"),
        (b"10.9.", "an address as text"),
        (b"Host: secret.example", "payload"),
        (b"secret comment", "a comment"),
        (b"secret-interface", "the name of an interface"),
    ];
    let trace = Capture::read(&user_trace());
    let mut writer = Pcapng::new(ByteOrder::Big);
    writer.interface(1, 0, &[(2, b"secret-interface")]);
    let mut loud = trace.records[2].clone();
    loud.bytes.extend(b"GET / HTTP/1.1\r\nHost: secret.example\r\n");
    // An ARP request and a UDP packet that contain an address, and another protocol.
    let mut arp = trace.records[0].clone();
    arp.bytes.truncate(14);
    arp.bytes[12..14].copy_from_slice(&[8, 6]);
    arp.bytes.extend([0, 1, 8, 0, 6, 4, 0, 1, 2, 2, 2, 2, 2, 2, 10, 9, 1, 50, 0, 0, 0, 0, 0, 0, 10, 9, 2, 1]);
    let mut udp = trace.records[0].clone();
    udp.bytes[23] = 17;
    for record in trace.records.iter().chain([&loud, &arp, &udp]) {
        writer.enhanced(0, record.nanos / 1000, record);
    }
    let mut bytes = writer.bytes;
    // Blocks with names: a comment on the section is as good as one on a packet.
    let mut names = Pcapng::new(ByteOrder::Big);
    names.block(4, b"\0\x01\0\x0b\x0a\x09\x01\x32secret\0\0\0\0\0\0");
    bytes.extend(&names.bytes[28..]);
    let folder = private_folder();
    let path = folder.path().join("secret.pcapng");
    fs::write(&path, &bytes).expect("the folder is ours");
    assert!(secrets[..2].iter().all(|(secret, _)| holds(&bytes, secret)), "the test looks for the wrong bytes");
    let macs = [&trace.records[0].bytes[..6], &trace.records[0].bytes[6..12]];
    let (_folder, output, ran) = annotate(&path, &["--anonymize"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let written = fs::read(&output).expect("it was written");
    for (secret, what) in secrets.into_iter().chain(macs.map(|mac| (mac, "a hardware address"))) {
        assert!(!holds(&written, secret), "{what} is in the output");
    }
    // Frames that held no TCP are there, empty: that time went by is evidence.
    assert_eq!(analyze([&output]).objects("summary")[0]["captures"][0]["frames"], trace.records.len() + 3);
}

#[test]
fn what_was_there_is_kept_interfaces_times_comments() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let trace = Capture::read(&user_trace());
    let mut writer = Pcapng::new(ByteOrder::Big);
    writer.interface(1, 0, &[(2, &b"eth7"[..]), (9, &[9][..])]);
    writer.interface(1, 0, &[(2, &b"eth8"[..]), (9, &[6][..])]);
    for (number, record) in trace.records.iter().enumerate() {
        let interface = (number % 2) as u32;
        writer.enhanced(interface, if interface == 0 { record.nanos + 1 } else { record.nanos / 1000 }, record);
    }
    let folder = private_folder();
    let path = folder.path().join("two.pcapng");
    fs::write(&path, writer.bytes).expect("the folder is ours");
    let (_first, once, _) = annotate(&path, &[]);
    let (_second, twice, _) = annotate(&once, &[]);
    let fields = ["frame.interface_name", "frame.time_epoch", "frame.len"];
    let shown = |path: &Path| tshark.fields(&tshark.stage(path), &[], "frame", &fields);
    assert_eq!(shown(&once), shown(&path));
    assert_eq!(shown(&twice), shown(&path));
    let comments = |path: &Path| tshark.fields(&tshark.stage(path), &[], "frame.number == 2", &["frame.comment"]);
    let (before, after) = (comments(&once)[0][0].clone(), comments(&twice)[0][0].clone());
    assert!(after.starts_with(&before) && after.len() > before.len(), "{after}");
}

#[test]
fn standard_input_is_annotated_too() {
    let input = fs::File::open(user_trace()).expect("a sample");
    let mut command = Command::new(&programs().syncookie);
    command.args(["annotate", "-", "--only-findings", "-o", "-"]).stdin(Stdio::from(input));
    let output = command.output().expect("it can be started");
    let (_folder, file, _) = annotate(&user_trace(), &["--only-findings"]);
    assert_eq!(output.stdout, fs::read(file).expect("it was written"), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn only_findings_leaves_out_what_no_verdict_rests_on() {
    let path = sample("linux-6.18/episode_ts/client.pcap");
    let (_folder, output, _) = annotate(&path, &["--only-findings"]);
    let frames =
        |path: &Path| analyze([path]).objects("summary")[0]["captures"][0]["frames"].as_u64().expect("a number");
    assert!(frames(&output) < frames(&path), "{} of {}", frames(&output), frames(&path));
    let (_folder, nothing, _) = annotate(&sample("linux-6.18/plain_ts/client.pcap"), &["--only-findings"]);
    assert_eq!(frames(&nothing), 0);
}

#[test]
fn files_of_one_capture_are_annotated_as_one_and_others_one_after_the_other() {
    let trace = Capture::read(&user_trace());
    let folder = private_folder();
    for (number, records) in trace.records.chunks(3).enumerate() {
        let part = Capture { records: records.to_vec(), ..trace.clone() };
        fs::write(folder.path().join(format!("ring_{number}.pcap")), part.write(ByteOrder::Little, Resolution::Nano))
            .expect("the folder is ours");
    }
    let (_folder, output, ran) = annotate(folder.path(), &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(judgements(&output), judgements(&user_trace()));
    let Some(tshark) = Tshark::with_plugin() else { return };
    let other = folder.path().join("other.pcap");
    fs::copy(user_trace(), &other).expect("the folder is ours");
    let (_folder, both, _) = annotate(folder.path(), &[]);
    let rows = tshark.fields(&tshark.stage(&both), &[], "frame.comment", &["frame.number", "frame.comment"]);
    let frames: Vec<u32> = rows.iter().map(|row| row[0].parse().expect("a number")).collect();
    assert_eq!(frames, [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]);
    assert!(rows[7][1].contains("the handshake of frame 14"), "{}", rows[7][1]);
}

#[test]
fn a_capture_that_is_cut_short_is_annotated_as_far_as_it_goes() {
    let path = syncookie_tests::package().join("cases/truncated-tail/capture.pcap");
    let (_folder, output, ran) = annotate(&path, &[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("truncated-tail") && ran.stderr.contains("frame 12"), "{}", ran.stderr);
    assert_eq!(analyze([&output]).handshakes().len(), 3);
    let (folder, output, ran) = annotate(Path::new("/no/such/capture.pcap"), &[]);
    assert!(ran.code == Some(1) && !output.exists(), "{ran:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder is ours").count(), 0, "something was left behind");
}

#[test]
fn damaged_captures_are_annotated_as_far_as_they_go() {
    let mut random = XorShift::new(7);
    let names = ["user-trace/synproxy_mid_misconfig_loose1/client.pcap", "linux-6.18/cookie_v6_nots/client.pcap"];
    let pcaps = names.map(|name| fs::read(sample(name)).expect("a sample"));
    let ng = fs::read(syncookie_tests::package().join("cases/pcapng-two-sections/capture.pcapng")).expect("a case");
    let folder = private_folder();
    let damaged: Vec<PathBuf> = (0..60)
        .map(|number| {
            let mut bytes = if number % 3 == 2 { ng.clone() } else { pcaps[number % 3].clone() };
            for _ in 0..=random.below(8) {
                flip(&mut bytes, &mut random);
            }
            bytes.truncate(bytes.len() - random.below(bytes.len() / 4));
            let path = folder.path().join(format!("{number:02}-damaged-{}.cap", random.below(1 << 30)));
            fs::write(&path, bytes).expect("the folder is ours");
            path
        })
        .collect();
    assert_none(&complaints(&damaged, |path| {
        let options: [&[&str]; 3] = [&[], &["--only-findings"], &["--anonymize", "--only-findings"]];
        let mut found = Vec::new();
        for options in options {
            let (_folder, output, ran) = annotate(path, options);
            let again = output.exists().then(|| analyze([&output]));
            if !ran.survived()
                || again.is_some_and(|again| again.code != Some(0) && !again.stderr.contains("unsupported link type"))
            {
                found.push(format!("{} {options:?}: {ran:?}", path.display()));
            }
        }
        found
    }));
}
