//! The HTML report in a real browser: what somebody does with it, by mouse and by keyboard. It does the same as a file
//! and in the page that analyses captures.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use syncookie_testkit::pcap::Capture;
use syncookie_tests::browser::Browser;
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{package, sample};
use tempfile::TempDir;

use crate::page::assert_quiet;
use crate::place::{Place, Report, Reporter, in_both_places};

in_both_places! {
    findings_are_sorted_filtered_unfolded_and_their_filters_copied_without_an_error_or_a_request,
    the_page_begins_with_a_short_headline_figures_and_what_to_check_with_commands_to_copy,
    the_keyboard_alone_sorts_and_unfolds,
    every_chart_says_in_words_and_numbers_what_it_draws,
    one_timeline_over_all_listeners_shows_episodes_floods_failures_and_delay,
    a_zoom_in_one_chart_zooms_all_charts_and_the_findings,
    the_bar_below_the_cursor_is_described_in_all_charts,
    axes_fit_the_data_and_a_series_of_zeros_has_neither_an_axis_nor_a_place_in_the_one_legend,
    failed_and_working_handshakes_are_compared_in_a_table,
    a_listener_or_an_episode_narrows_charts_and_findings,
    a_page_without_handshakes_or_with_one_shows_no_empty_chart_or_table,
    what_a_file_is_called_stays_text,
    no_width_and_no_colours_break_the_page,
    no_label_of_a_chart_is_cut_at_any_width,
    no_heading_of_a_table_is_cut,
    a_command_is_not_broken_before_its_argument,
    a_printed_page_has_light_colours_no_buttons_and_nothing_beside_the_paper,
    a_hundred_thousand_findings_that_agree_are_one_row_that_opens_to_the_first_of_them,
    of_a_hundred_thousand_different_findings_the_page_has_some_and_says_where_the_others_are,
    an_open_handshake_is_drawn_as_a_ladder_with_the_times_of_its_packets,
    a_click_anywhere_on_a_row_opens_and_closes_it,
    the_filters_of_a_row_find_its_frames_in_wireshark,
}

/// Texts of a column of the rows of findings.
fn column(browser: &mut Browser, number: usize) -> Vec<String> {
    cells(browser, "#rows", number)
}

/// Texts of a column of a table with rows that open.
fn cells(browser: &mut Browser, table: &str, number: usize) -> Vec<String> {
    let cells = browser.eval(&format!(
        "[...document.querySelectorAll('{table} > tbody > tr:not(.detail)')].map((row) => row.cells[{number}].innerText)"
    ));
    cells.as_array().into_iter().flatten().filter_map(|cell| cell.as_str().map(str::to_owned)).collect()
}

/// Widths of windows, and the colours of the system.
const LOOKS: [(u32, &str); 3] = [(400, "light"), (800, "dark"), (1400, "light")];

/// Columns of the rows of findings.
const LISTENER: usize = 1;
const OUTCOME: usize = 3;
const CAUSE: usize = 4;
const FIRST: usize = 6;

fn sort_of(browser: &mut Browser, number: usize) -> serde_json::Value {
    browser.eval(&format!("document.querySelectorAll('#rows thead th')[{number}].getAttribute('aria-sort')"))
}

fn filter(browser: &mut Browser, id: &str, value: &str) -> String {
    let before = browser.text("#status");
    browser.eval(&format!(
        "(() => {{ const s = document.getElementById({id:?}); s.value = {value:?};
           s.dispatchEvent(new Event('input', {{bubbles: true}})); return s.value; }})()"
    ));
    browser.wait_for(&format!("document.getElementById('status').innerText !== {before:?}"));
    browser.text("#status")
}

fn findings_are_sorted_filtered_unfolded_and_their_filters_copied_without_an_error_or_a_request(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures"));
    browser.look(1280, 900, "light");
    report.open(&mut browser);

    // Without a choice, failures come before connections that a proxy or a cookie served.
    let outcomes = column(&mut browser, OUTCOME);
    let is_served = |cell: &String| ["established", "incomplete"].contains(&cell.as_str());
    assert!(outcomes.iter().skip_while(|cell| !is_served(cell)).all(is_served), "{outcomes:?}");
    assert!(!is_served(&outcomes[0]), "{outcomes:?}");

    // Sort: twice on the same header turns the order around, and a screen reader announces it.
    browser.click("#rows thead th:nth-child(7) button");
    assert_eq!(sort_of(&mut browser, FIRST), "ascending");
    let times = column(&mut browser, FIRST);
    assert!(times.len() > 10 && times.is_sorted(), "{times:?}");
    browser.click("#rows thead th:nth-child(7) button");
    assert_eq!(
        (sort_of(&mut browser, FIRST), sort_of(&mut browser, 0)),
        ("descending".into(), serde_json::Value::Null)
    );
    assert!(column(&mut browser, FIRST).iter().rev().is_sorted());

    // Filter: by choice and by words.
    let said = filter(&mut browser, "filter-outcome", "reset-by-server");
    assert!(
        said.contains(" of ") && column(&mut browser, OUTCOME).iter().all(|cell| cell == "reset-by-server"),
        "{said}"
    );
    browser.click("#search");
    browser.type_text("user-trace proxy-leaked-ack");
    browser.wait_for("document.getElementById('status').innerText.startsWith('3 of ')");
    assert_eq!(column(&mut browser, CAUSE), ["proxy-leaked-ack"]);

    // Unfold: the handshakes; then packets, evidence, cause and check of the first.
    browser.click("#rows tbody .unfold");
    assert_eq!(browser.eval("document.querySelector('#rows tbody .unfold').getAttribute('aria-expanded')"), "true");
    assert_eq!(cells(&mut browser, ".handshakes", 4), ["2", "6", "10"], "frames, in the order of time");
    browser.click(".handshakes .unfold");
    let detail = browser.text(".handshakes tr.detail");
    for part in ["Win=0 MSS=1380", "RST", "zero-window", "1. proxy-leaked-ack", "nf_conntrack_tcp_loose"] {
        assert!(detail.contains(part), "{part:?} is not in\n{detail}");
    }

    // Copy, and paste it where one would.
    browser.click(".handshakes tr.detail .filter-line:nth-of-type(1) button");
    browser.wait_for("document.getElementById('copied').innerText.startsWith('Copied: ')");
    browser.click("#filters button[type=reset]");
    browser.click("#search");
    browser.press("v", 2);
    let pasted = browser.eval("document.getElementById('search').value");
    let expected = "(ip.addr eq 10.9.1.50 and ip.addr eq 10.9.2.1) and (tcp.port eq 20055 and tcp.port eq 8080)";
    assert_eq!(pasted, expected);
    assert_quiet(&mut browser);
}

fn the_page_begins_with_a_short_headline_figures_and_what_to_check_with_commands_to_copy(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&sample("user-trace"));
    for (width, scheme) in LOOKS {
        browser.look(width, 900, scheme);
        report.open(&mut browser);
        let headline = browser.text("#answer");
        assert!(headline.split_whitespace().count() <= 12, "{headline}");
        assert_eq!(browser.text("#figures div:nth-child(2)"), "Failed\n3");
        let first = browser.eval("document.querySelector('main > section').id");
        assert_eq!(first, "check", "what broke comes before everything else");
        assert!(browser.text("#check li").contains("(proxy-leaked-ack; confirmed): 3 of 3 handshakes that failed."));
        browser.click("#check .command .copy");
        browser.wait_for("document.getElementById('copied').innerText.startsWith('Copied: ')");
        browser.click("#search");
        browser.press("v", 2);
        // The capture at the server has answered the first part of the check.
        let pasted = browser.eval("document.getElementById('search').value");
        assert_eq!(pasted, "sysctl net.netfilter.nf_conntrack_tcp_loose");
    }
    assert_quiet(&mut browser);
}

fn the_keyboard_alone_sorts_and_unfolds(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&sample("user-trace"));
    report.open(&mut browser);
    let focused = "document.activeElement.closest('#rows thead') !== null";
    let reach = |browser: &mut Browser, wanted: &str| {
        for _ in 0..80 {
            if browser.eval(wanted) == true {
                return;
            }
            browser.press("Tab", 0);
        }
        panic!("never reached by Tab: {wanted}");
    };
    reach(&mut browser, focused);
    assert_ne!(browser.eval("getComputedStyle(document.activeElement).outlineStyle"), "none", "focus can be seen");
    browser.press("Enter", 0);
    assert_eq!(sort_of(&mut browser, 0), "descending", "the most handshakes first");
    reach(&mut browser, "document.activeElement.className === 'unfold'");
    browser.press("Enter", 0);
    assert_eq!(browser.eval("document.querySelectorAll('tr.detail').length"), 1);
    reach(&mut browser, "document.activeElement.closest('.handshakes') !== null");
    browser.press("Enter", 0);
    assert!(browser.text(".handshakes tr.detail").contains("zero-window"), "a handshake opens as well");
    assert_quiet(&mut browser);
}

/// What the charts of a container say to a screen reader.
fn labels(browser: &mut Browser, container: &str) -> Vec<String> {
    let labels =
        format!("[...document.querySelectorAll('{container} .plot')].map((plot) => plot.getAttribute('aria-label'))");
    let labels = browser.eval(&labels);
    labels.as_array().into_iter().flatten().filter_map(|label| label.as_str().map(str::to_owned)).collect()
}

fn every_chart_says_in_words_and_numbers_what_it_draws(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&sample("linux-6.18/episode_ts"));
    report.open(&mut browser);
    assert_eq!(labels(&mut browser, "#timelines").len(), 1, "the only listener");
    assert_eq!(labels(&mut browser, "#scatters").len(), 3, "lag, window, hop limit");
    browser.click("#timelines figure details summary");
    browser.wait_for("document.querySelectorAll('#timelines figure table.numbers tbody tr').length > 2");
    let heads = browser.text("#timelines figure table.numbers thead");
    assert!(heads.contains("Syn-cookie") && heads.contains("Longest handshake (ms)"), "{heads}");
    assert!(!heads.contains("Reset"), "nothing was reset: {heads}");
    // Lags of cookies are spread over the band: the table beside the chart shows it without looking.
    browser.click("#scatters figure details summary");
    browser.wait_for("document.querySelectorAll('#scatters figure table.numbers tbody tr').length === 2");
    let cookies = browser.text("#scatters figure table.numbers tbody tr:nth-child(2)");
    assert!(cookies.starts_with("syn-cookie"), "{cookies}");
    assert_quiet(&mut browser);
}

fn one_timeline_over_all_listeners_shows_episodes_floods_failures_and_delay(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures"));
    for (width, scheme) in LOOKS {
        browser.look(width, 900, scheme);
        report.open(&mut browser);
        for is_printed in [false, true] {
            browser.print(is_printed);
            assert_eq!(browser.text("#timelines figure h3"), "All listeners");
            let label = &labels(&mut browser, "#timelines")[0];
            for part in
                ["episodes", "a SYN flood of 8,310 connections", " reset, ", "43 delayed", "longest handshake 2.05 s"]
            {
                assert!(label.contains(part), "{part} is not in {label}");
            }
            let axes = "Charts: Connections / 20 s, Failed / 20 s, SYN flood / s, Longest (ms).";
            assert!(label.ends_with(axes), "{label}");
            let colours = [("syn-cookie", 0), ("reset", 1), ("flood", 2), ("delayed", 3)];
            for (name, chart) in colours {
                assert!(paints(&mut browser, name, chart), "{name} is not drawn in chart {chart} at {width} {scheme}");
            }
            assert!((0..4).all(|chart| paints(&mut browser, "syn-proxy", chart)), "each chart marks the episodes");
            let beside = "[...document.querySelectorAll('#charts canvas')]
                .filter((canvas) => canvas.getBoundingClientRect().right > innerWidth).length";
            assert_eq!(browser.eval(beside), 0, "at {width}");
            browser.eval("document.querySelector('#timeline').scrollIntoView()");
            browser.picture(&format!("timeline-{width}-{scheme}{}", if is_printed { "-print" } else { "" }));
        }
        browser.print(false);
    }
    assert_quiet(&mut browser);
}

/// Returns whether a colour of the theme occurs in one of the charts over all listeners.
fn paints(browser: &mut Browser, colour: &str, chart: usize) -> bool {
    let found = browser.eval(&format!(
        "(() => {{ const canvas = document.querySelectorAll('#timelines figure canvas')[{chart}];
           const copy = document.createElement('canvas');
           [copy.width, copy.height] = [canvas.width, canvas.height];
           const context = copy.getContext('2d', {{willReadFrequently: true}});
           context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--{colour}').trim();
           context.fillRect(0, 0, 1, 1);
           const wanted = context.getImageData(0, 0, 1, 1).data;
           context.clearRect(0, 0, 1, 1);
           context.drawImage(canvas, 0, 0);
           const seen = context.getImageData(0, 0, canvas.width, canvas.height).data;
           for (let at = 0; at < seen.length; at += 4) {{
             if ([0, 1, 2].every((part) => Math.abs(seen[at + part] - wanted[part]) <= 2)) return true;
           }}
           return false; }})()"
    ));
    found == true
}

/// Spans of the time axes of all charts, without repetition.
const RANGES: &str = "[...new Set([...document.querySelectorAll('.uplot')].map((chart) => chart.dataset.range))]";

fn a_zoom_in_one_chart_zooms_all_charts_and_the_findings(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures"));
    for (width, scheme) in LOOKS {
        browser.look(width, 900, scheme);
        report.open(&mut browser);
        assert!(browser.eval("document.querySelectorAll('.uplot').length").as_u64() > Some(8));
        let (whole, all) = (browser.eval(RANGES), browser.text("#status"));
        assert_eq!(whole.as_array().map(Vec::len), Some(1), "one time axis: {whole}");
        for chart in ["#timelines .u-over", "#scatters figure:last-child .u-over"] {
            browser.drag(chart, 0.3, 0.7);
            browser.wait_for(&format!("document.getElementById('status').innerText !== {all:?}"));
            let zoomed = browser.eval(RANGES);
            assert_eq!(zoomed.as_array().map(Vec::len), Some(1), "{zoomed}");
            assert_ne!(zoomed, whole);
            assert!(browser.text("#timeline .span").starts_with("Only 2026-11-22"));
            browser.click("#timeline .span button");
            assert_eq!((browser.eval(RANGES), browser.text("#status")), (whole.clone(), all.clone()));
        }
    }
    browser.click("#episodes summary");
    browser.click("button[data-episode='0']");
    let zoomed = browser.eval(RANGES);
    assert_eq!(zoomed.as_array().map(Vec::len), Some(1), "an episode is a span, too: {zoomed}");
    browser.eval("document.querySelector('.u-over').dispatchEvent(new MouseEvent('dblclick'))");
    assert_ne!(browser.eval(RANGES), zoomed, "a double click resets it");
    assert_quiet(&mut browser);
}

fn the_bar_below_the_cursor_is_described_in_all_charts(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&sample("user-trace"));
    browser.look(1400, 900, "light");
    report.open(&mut browser);
    browser.point_at("#timelines .u-over", 0.02, 0.5);
    let said = browser.eval("[...document.querySelectorAll('.readout')].map((line) => line.innerText)");
    let said: Vec<_> = said.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    assert!(said[0].contains("1 syn-proxy; ") && said[0].contains("1 reset"), "{said:?}");
    assert!(said[1].ends_with("0 bytes (syn-proxy, 10.9.2.1:8080)"), "{said:?}");
    browser.point_at("#timelines .u-over", 0.25, 0.5);
    assert_eq!(browser.text(".readout"), "", "no bar is near");
    assert_quiet(&mut browser);
}

fn axes_fit_the_data_and_a_series_of_zeros_has_neither_an_axis_nor_a_place_in_the_one_legend(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let axes = |browser: &mut Browser| browser.eval("document.querySelectorAll('#timelines .u-axis').length");
    let legend = "[...document.querySelectorAll('#legend li, .u-legend')].map((entry) => entry.innerText).join(', ')";
    for (width, scheme) in LOOKS {
        browser.look(width, 900, scheme);
        let report = reporter.report(&sample("user-trace"));
        report.open(&mut browser);
        assert_eq!(axes(&mut browser), 6, "time, and handshakes, failures or the longest handshake");
        let hops = labels(&mut browser, "#scatters").pop().unwrap_or_default();
        assert!(hops.ends_with("The axis is from 62 to 65."), "63 is not 64: {hops}");
        assert_eq!(browser.eval(legend), "syn-proxy, reset, longest handshake, episode");
        let report = reporter.report(&sample("linux-6.18/episode_ts"));
        report.open(&mut browser);
        assert_eq!(axes(&mut browser), 4, "nothing failed");
        assert_eq!(browser.eval(legend), "ordinary, syn-cookie, longest handshake, episode");
    }
    assert_quiet(&mut browser);
}

fn failed_and_working_handshakes_are_compared_in_a_table(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures/linux-6.18"));
    for (width, scheme) in LOOKS {
        browser.look(width, 900, scheme);
        report.open(&mut browser);
        for is_printed in [false, true] {
            browser.print(is_printed);
            let said = browser.text("#common-factors tbody").split_whitespace().collect::<Vec<_>>().join(" ");
            let expected = "begin 31 to 32 minutes after a full hour 108 of 152 (71.1 %) 119 of 1,286 (9.3 %)";
            assert!(said == expected, "{said}");
            let shown = "[...document.querySelectorAll('#common-factors tbody tr > *')].map((cell) => cell.getBoundingClientRect())
                .every((cell) => cell.width > 60 && cell.right <= innerWidth)";
            assert_eq!(browser.eval(shown), true, "at {width}");
            browser.eval("document.querySelector('#common-factors').scrollIntoView()");
            browser.picture(&format!("common-factors-{width}-{scheme}"));
        }
        browser.print(false);
    }
    assert!(browser.text("#answer").split_whitespace().count() <= 12, "{}", browser.text("#answer"));
    assert_quiet(&mut browser);
}

fn a_listener_or_an_episode_narrows_charts_and_findings(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures"));
    report.open(&mut browser);
    let (all, whole) = (browser.text("#status"), browser.eval(RANGES));
    browser.click("button[data-listener='2']");
    browser.wait_for(&format!("document.getElementById('status').innerText !== {all:?}"));
    assert_eq!(column(&mut browser, LISTENER), ["10.9.2.1:8080"]);
    assert_eq!(browser.text("#timelines figure h3"), "10.9.2.1:8080");
    assert_eq!(browser.eval("document.querySelectorAll('#timelines figure').length"), 1);
    assert_ne!(browser.eval(RANGES), whole, "the time axis fits its handshakes");
    browser.click("#episodes summary");
    browser.click("button[data-episode='0']");
    browser.wait_for("!document.getElementById('span-filter').hidden");
    assert!(browser.text("#status").contains(" of "));
    assert_quiet(&mut browser);
}

/// A capture of the first frames of the user's trace, at most this number.
fn first_frames(folder: &TempDir, frames: usize) -> PathBuf {
    let mut capture = Capture::read(&sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap"));
    capture.records.truncate(frames);
    let file = folder.path().join("first.pcap");
    fs::write(&file, capture.write_plain()).expect("the folder is ours");
    file
}

fn a_page_without_handshakes_or_with_one_shows_no_empty_chart_or_table(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let folder = TempDir::new().expect("a temporary folder can be made");
    let sections = "[...document.querySelectorAll('main section')].filter((section) => section.checkVisibility()).map((section) => section.id).join(' ')";
    let links =
        "[...document.querySelectorAll('nav a')].every((link) => document.querySelector(link.hash).checkVisibility())";
    for (width, scheme) in LOOKS {
        browser.look(width, 900, scheme);
        let report = reporter.report(&first_frames(&folder, 0));
        report.open(&mut browser);
        assert_eq!(browser.text("#answer"), "The captures contain no TCP segment.");
        assert_eq!(browser.eval(sections), "caveats unread limits");
        assert_eq!(browser.eval(links), true);
        browser.picture(&format!("none-{width}-{scheme}"));
        let report = reporter.report(&first_frames(&folder, 4));
        report.open(&mut browser);
        assert_eq!(browser.text("#answer"), "The handshake failed; most likely cause: proxy-leaked-ack.");
        assert_eq!(browser.eval(sections), "check listeners timeline evidence findings caveats unread limits");
        browser.click("#rows tbody td:nth-child(4)");
        assert!(browser.text("#rows tr.detail").contains("zero-window"), "the only handshake opens at once");
        let range = browser.eval("document.querySelector('.uplot').dataset.range.split(' ').map(Number)");
        let seconds = range[1].as_f64().zip(range[0].as_f64()).map(|(to, from)| to - from);
        assert!(seconds.is_some_and(|seconds| seconds > 0.001 && seconds < 0.1), "{range}");
        let wide = browser.eval("document.documentElement.scrollWidth");
        assert!(wide.as_u64() <= Some(width.into()), "{wide} at {width}");
        browser.picture(&format!("one-{width}-{scheme}"));
    }
    assert_quiet(&mut browser);
}

fn what_a_file_is_called_stays_text(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let folder = TempDir::new().expect("a temporary folder can be made");
    let name = "<img src=x onerror=document.title=1>'\"&<!--<script>.pcap";
    let whole = fs::read(sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap")).expect("it is committed");
    // Chromium leaves such a file out of a folder that is dropped.
    let file = folder.path().join(name);
    fs::write(&file, &whole[..whole.len() - 1]).expect("the folder is ours");
    let report = reporter.report(&file);
    report.open(&mut browser);
    browser.click("#rows tbody .unfold");
    browser.click(".handshakes .unfold");
    assert_eq!(browser.eval("document.querySelectorAll('img').length + document.scripts.length"), 4);
    assert!(browser.text("#rows tbody").contains(name) && browser.text("#unread").contains(name));
    assert_quiet(&mut browser);
}

fn no_width_and_no_colours_break_the_page(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures"));
    for (width, scheme) in
        [(1600, "light"), (1280, "dark"), (1100, "light"), (800, "light"), (400, "light"), (390, "dark")]
    {
        browser.look(width, 900, scheme);
        report.open(&mut browser);
        browser.picture(&format!("{width}-{scheme}"));
        browser.click("#rows tbody .unfold");
        browser.picture(&format!("{width}-{scheme}-unfolded"));
        let wide = browser.eval("document.documentElement.scrollWidth");
        assert!(wide.as_u64() <= Some(width.into()), "{wide} at {width}");
        let hidden = browser
            .eval("(table => table.scrollWidth - table.clientWidth)(document.querySelector('#listeners .scroll'))");
        assert_eq!(hidden, 0, "{hidden} pixels of the table of listeners are hidden at {width}");
        let paper = browser.eval("getComputedStyle(document.body).backgroundColor");
        assert_eq!(paper == "rgb(255, 255, 255)", scheme == "light", "{paper}");
        browser.click("#theme");
        assert_ne!(browser.eval("getComputedStyle(document.body).backgroundColor"), paper);
        assert_quiet(&mut browser);
    }
}

/// Draws all charts again, in the other colours, and returns the labels that their canvas cuts.
const CUT_LABELS: &str = "(() => {
    const cut = [], draw = CanvasRenderingContext2D.prototype.fillText;
    let drawn = 0;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        const { actualBoundingBoxLeft: left, actualBoundingBoxRight: right } = this.measureText(text);
        const [from, to] = [-left, right].map((edge) => this.getTransform().transformPoint({ x: x + edge, y }));
        drawn += 1;
        if (Math.min(from.x, to.x) < 0 || Math.max(from.x, to.x) > this.canvas.width) cut.push(text);
        return draw.apply(this, arguments);
    };
    document.getElementById('theme').click();
    return new Promise((resolve) => setTimeout(() => {
        CanvasRenderingContext2D.prototype.fillText = draw;
        resolve(drawn > 10 ? cut : ['nothing is drawn']);
    }, 200));
})()";

fn no_label_of_a_chart_is_cut_at_any_width(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&sample("user-trace"));
    report.open(&mut browser);
    for width in (360..1300).step_by(36) {
        browser.look(width, 900, "light");
        assert_eq!(browser.eval(CUT_LABELS), json!([]), "at {width}");
    }
    assert_quiet(&mut browser);
}

/// Texts of headings of tables that go beyond the window, or beyond what is visible of their table.
const CUT_HEADINGS: &str = "[...document.querySelectorAll('th')].filter((heading) => {
    const text = document.createRange();
    text.selectNodeContents(heading);
    const region = heading.closest('.scroll')?.getBoundingClientRect().right ?? innerWidth;
    return heading.checkVisibility() && !heading.querySelector('.hidden')
        && text.getBoundingClientRect().right > Math.min(region, innerWidth) + 1;
}).map((heading) => heading.innerText)";

fn no_heading_of_a_table_is_cut(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures"));
    for (width, scheme) in [(400, "light"), (800, "dark"), (1280, "light")] {
        browser.look(width, 900, scheme);
        report.open(&mut browser);
        browser.eval("document.querySelectorAll('details').forEach((details) => (details.open = true))");
        browser.wait_for("document.querySelectorAll('#scatters table').length >= 3");
        assert_eq!(browser.eval(CUT_HEADINGS), json!([]), "at {width}");
        for table in ["episodes", "clients", "timeline"] {
            browser.eval(&format!("document.querySelector('#{table} table').scrollIntoView()"));
            browser.picture(&format!("table-{table}-{width}-{scheme}"));
        }
    }
    assert_quiet(&mut browser);
}

/// Commands of `sysctl` that the end of a line breaks although they fit in one line.
const BROKEN_COMMANDS: &str = "(() => {
    const broken = [], walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, line = node.parentElement.closest('p, pre')?.clientWidth;
        for (const { 0: command, index } of node.data.matchAll(/sysctl [\\w.]+/g)) {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + command.length);
            const parts = [...range.getClientRects()], width = parts.reduce((sum, part) => sum + part.width, 0);
            if (new Set(parts.map(({ y }) => Math.round(y))).size > 1 && width + 20 < line) broken.push(command);
        }
    }
    return broken;
})()";

fn a_command_is_not_broken_before_its_argument(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures"));
    browser.look(1280, 900, "light");
    report.open(&mut browser);
    browser.click("#search");
    browser.type_text("user-trace proxy-leaked-ack");
    browser.wait_for("document.getElementById('status').innerText.startsWith('3 of ')");
    browser.click("#rows tbody .unfold");
    browser.click(".handshakes .unfold");
    assert!(browser.text(".handshakes tr.detail").contains("sysctl net.netfilter.nf_conntrack_tcp_loose"));
    for width in (360..1000).step_by(40) {
        browser.look(width, 900, "light");
        assert_eq!(browser.eval(BROKEN_COMMANDS), json!([]), "at {width}");
    }
    assert_quiet(&mut browser);
}

fn a_printed_page_has_light_colours_no_buttons_and_nothing_beside_the_paper(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&package().join("captures"));
    // The width of A4 between the margins of the page.
    browser.look(688, 1000, "dark");
    report.open(&mut browser);
    browser.click("#rows tbody .unfold");
    browser.print(true);
    browser.eval("document.querySelector('#listeners').scrollIntoView()");
    browser.picture("print-listeners");
    browser.eval("document.querySelector('#findings').scrollIntoView()");
    browser.picture("print-findings");
    let buttons = "[...document.querySelectorAll('#theme, nav, .copy, .more, [data-listener], select, input')]
        .filter((element) => element.checkVisibility()).map((element) => element.outerHTML)";
    assert_eq!(browser.eval(buttons), json!([]));
    assert_eq!(browser.eval("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    let beside = "[...document.querySelectorAll('main *')].filter((element) => element.checkVisibility())
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.uplot, .hidden'))
        .map((element) => element.outerHTML.slice(0, 80))";
    assert_eq!(browser.eval("getComputedStyle(document.querySelector('#rows tbody tr')).display"), "table-row");
    assert_eq!(browser.eval(beside), json!([]), "beyond the right edge");
    assert_quiet(&mut browser);
}

/// A capture of this many handshakes like the first of the user's trace, each by a client of its own;
/// they go to this number of listeners in turn.
fn many(handshakes: u32, listeners: u32) -> Capture {
    let one = Capture::read(&sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap"));
    let client = one.records[0].bytes[26..30].to_vec();
    let each = (0..handshakes).flat_map(|number| {
        let (address, port) = ([10, 20, (number >> 16) as u8, (number >> 12) as u8], 1024 + (number & 0xfff) as u16);
        let listener = number % listeners;
        let (server, server_port) =
            ([10, 30, (listener >> 16) as u8, (listener >> 8) as u8], 1000 + (listener & 0xff) as u16);
        let client = client.clone();
        one.records[..4].iter().map(move |record| {
            let mut record = record.clone();
            record.nanos += u64::from(number) * 30_000_000;
            // Addresses are at 26 and 30 in an Ethernet frame, ports at 34 and 36.
            let (from, to) = ((address, port), (server, server_port));
            let (from, to) = if record.bytes[26..30] == client { (from, to) } else { (to, from) };
            for ((address, port), ip, tcp) in [(from, 26, 34), (to, 30, 36)] {
                record.bytes[ip..ip + 4].copy_from_slice(&address);
                record.bytes[tcp..tcp + 2].copy_from_slice(&port.to_be_bytes());
            }
            record
        })
    });
    Capture { link: one.link, records: each.collect() }
}

/// Opens a report on a hundred thousand findings of this number of listeners.
fn open_many(browser: &mut Browser, reporter: &Reporter, listeners: u32) -> Report {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let capture = folder.path().join("many.pcap");
    fs::write(&capture, many(100_000, listeners).write_plain()).expect("the folder is ours");
    let report = reporter.report(&capture);
    report.open(browser);
    report
}

/// The page waits for nothing, so that this is CPU time.
#[test]
fn a_report_on_a_hundred_thousand_findings_is_small_and_opens_within_two_seconds() {
    for listeners in [1, 10_000] {
        let Some((mut browser, reporter)) = Place::File.start() else { return };
        let report = open_many(&mut browser, &reporter, listeners);
        let bytes = fs::metadata(report.path()).expect("it was written").len();
        assert!(bytes < 5_000_000, "{bytes} bytes");
        let (spent, waited) =
            (browser.processor_time(), browser.eval("performance.getEntriesByType('navigation')[0].domComplete"));
        eprintln!("{bytes} bytes, {spent} s of CPU time, ready after {waited} ms");
        assert!(spent < 2.0, "{spent} s");
    }
}

fn a_hundred_thousand_findings_that_agree_are_one_row_that_opens_to_the_first_of_them(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    open_many(&mut browser, &reporter, 1);
    assert_eq!(browser.text("#status"), "100,000 findings in 1 row.");
    browser.click("#rows tbody td:nth-child(4)");
    assert!(browser.text("#rows tr.detail").contains("the first 500 of 100,000 handshakes"));
    assert_eq!(cells(&mut browser, ".handshakes", 1).len(), 25);
    browser.click(".more");
    assert_eq!(cells(&mut browser, ".handshakes", 1).len(), 225);
    browser.click("#search");
    browser.type_text("10.20.0.0:1025");
    browser.wait_for("document.getElementById('status').innerText === '1 of 100,000 findings in 1 row.'");
    assert!(browser.text("#limits").contains("99,500 findings are counted in a row"));
    assert_eq!(browser.eval("document.getElementById('beyond')"), serde_json::Value::Null, "each has a row");
    assert_quiet(&mut browser);
}

fn of_a_hundred_thousand_different_findings_the_page_has_some_and_says_where_the_others_are(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    open_many(&mut browser, &reporter, 10_000);
    assert_eq!(browser.text("#status"), "50,000 findings in 5,000 rows.");
    let beyond = browser.text("#beyond");
    assert!(beyond.starts_with("The table has no row for 50,000 further findings."), "{beyond}");
    assert!(beyond.contains("--filter") && beyond.contains("--format jsonl"), "{beyond}");
    assert_eq!(column(&mut browser, LISTENER).len(), 50, "the first page");
    browser.click("#pages [data-page=last]");
    browser.click("#rows tbody td:nth-child(4)");
    let listed = browser.text("#rows tr.detail");
    assert!(listed.contains(" of 10 handshakes; --format jsonl lists all."), "{listed}");
    browser.click(".handshakes .unfold");
    assert!(browser.text(".handshakes tr.detail").contains("zero-window"), "the last row opens as the first does");
    assert_quiet(&mut browser);
}

fn an_open_handshake_is_drawn_as_a_ladder_with_the_times_of_its_packets(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&sample("user-trace"));
    for (width, scheme) in LOOKS {
        browser.look(width, 900, scheme);
        report.open(&mut browser);
        browser.click("#rows tbody .unfold");
        browser.click(".handshakes .unfold");
        let texts = |browser: &mut Browser, class: &str| {
            browser.eval(&format!(
                "[...document.querySelectorAll('.ladder {class}')].map((text) => text.textContent).join('; ')"
            ))
        };
        assert_eq!(texts(&mut browser, ".what"), "SYN, frame 1; SYN-ACK, frame 2, Win=0; ACK, frame 3; RST, frame 4");
        assert_eq!(texts(&mut browser, ".since"), "0; +35 µs; +162 µs; +194 µs");
        assert_eq!(texts(&mut browser, ".outcome"), "reset-by-server");
        let arrows = "[...document.querySelectorAll('.ladder g line')].map((line) => line.x1.baseVal.value < line.x2.baseVal.value)";
        assert_eq!(browser.eval(arrows), json!([true, false, true, false]), "the reset is the server's");
        let place = "(box => [box.left >= 0, box.right <= innerWidth, box.width > 250])(document.querySelector('.ladder').getBoundingClientRect())";
        assert_eq!(browser.eval(place), json!([true, true, true]), "at {width}");
        browser.eval("document.querySelector('.ladder').scrollIntoView()");
        browser.picture(&format!("ladder-{width}-{scheme}"));
    }
    assert_quiet(&mut browser);
}

fn a_click_anywhere_on_a_row_opens_and_closes_it(place: Place) {
    let Some((mut browser, reporter)) = place.start() else { return };
    let report = reporter.report(&sample("user-trace"));
    let opened = |browser: &mut Browser| browser.eval("document.querySelectorAll('tr.detail').length");
    for width in [400, 1100, 1600] {
        browser.look(width, 900, "light");
        report.open(&mut browser);
        for cell in 1..=8 {
            browser.click(&format!("#rows > tbody > tr > td:nth-child({cell})"));
            assert_eq!(opened(&mut browser), 1, "cell {cell} at {width}");
            browser.click(&format!("#rows > tbody > tr > td:nth-child({cell})"));
            assert_eq!(opened(&mut browser), 0, "cell {cell} at {width}");
        }
        browser.click("#rows tbody td:nth-child(2)");
        browser.click(".handshakes > tbody > tr:nth-child(2) > td:nth-child(4)");
        assert_eq!(opened(&mut browser), 2);
        assert!(browser.text(".handshakes tr.detail").contains("tcp.port eq 20056"));
    }
    assert_quiet(&mut browser);
}

fn the_filters_of_a_row_find_its_frames_in_wireshark(place: Place) {
    let (Some(tshark), Some((mut browser, reporter))) = (Tshark::with_plugin(), place.start()) else { return };
    let capture = sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap");
    let report = reporter.report(&capture);
    report.open(&mut browser);
    browser.click("#rows tbody .unfold");
    browser.click(".handshakes .unfold");
    let filters = browser.eval("[...document.querySelectorAll('.filter-line code')].map((code) => code.innerText)");
    let filters: Vec<_> = filters.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    assert_eq!(filters.len(), 3);
    let staged = tshark.stage(&capture);
    for filter in &filters[..2] {
        assert_eq!(tshark.frames(&staged, filter), [1, 2, 3, 4], "{filter}");
    }
    assert!(tshark.frames(&staged, filters[2]).contains(&4), "{}", filters[2]);
}
