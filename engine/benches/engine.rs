//! What the engine takes for a packet, and for a judgement. The tables of `script/bench` are about whole programs.
#![allow(missing_docs, reason = "criterion's macros make functions")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use common::{Talk, observation};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use syncookie_engine::{Analyzer, DetailLevel, FindingParts, Limits, Observation};

/// Connections to a few listeners, one after another.
fn connections(count: u16) -> Vec<(f64, Vec<u8>)> {
    let talk = |index: u16| {
        Talk::new("192.0.2.1", 1000 + index, &format!("198.51.100.{}", index % 8), 80).ordinary(f64::from(index) * 0.01)
    };
    (0..count).flat_map(|index| talk(index).packets).collect()
}

/// All packets, as a capture's reader hands them over.
fn push_all(analyzer: &mut Analyzer, packets: &[(f64, Vec<u8>)]) {
    analyzer.push_all(
        0,
        packets.iter().enumerate().map(|(index, (time, bytes))| {
            let seen = observation(index, *time, bytes);
            (seen.frame.number, seen.time, Some(&bytes[..]))
        }),
        &mut |_| (),
    );
}

fn observations(packets: &[(f64, Vec<u8>)]) -> Vec<Observation<'_>> {
    packets.iter().enumerate().map(|(index, (time, bytes))| observation(index, *time, bytes)).collect()
}

/// Packets of connections whose handshakes were seen: what most packets of a capture are to the engine.
fn push(criterion: &mut Criterion) {
    let packets = connections(1000);
    let observations = observations(&packets);
    let mut group = criterion.benchmark_group("push");
    group.throughput(Throughput::Elements(observations.len() as u64));
    group.bench_function("one by one", |bencher| {
        bencher.iter_batched_ref(
            || Analyzer::new(Limits::default()),
            |analyzer| {
                for one in &observations {
                    black_box(analyzer.push(one));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("many", |bencher| {
        bencher.iter_batched_ref(
            || Analyzer::new(Limits::default()),
            |analyzer| push_all(analyzer, black_box(&packets)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// The judgement of a thousand handshakes, with all evidence in words and without.
fn judge(criterion: &mut Criterion) {
    let packets = connections(1000);
    let mut group = criterion.benchmark_group("judge");
    group.throughput(Throughput::Elements(1000));
    for (name, detail) in [("all in words", DetailLevel::All), ("what is notable", DetailLevel::Notable)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || {
                    let mut analyzer =
                        Analyzer::new(Limits::default()).with_parts(FindingParts { detail, ..FindingParts::default() });
                    push_all(&mut analyzer, &packets);
                    analyzer
                },
                Analyzer::finish,
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, push, judge);
criterion_main!(benches);
