//! Namespaces, links and the programs in them. Dropping a [`Net`] removes everything.

use serde_json::Value;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// A namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Client,
    Client2,
    Router,
    Server,
    Server2,
}

impl Node {
    const ALL: [Self; 5] = [Self::Client, Self::Client2, Self::Router, Self::Server, Self::Server2];
}

/// Longest run time of a program in a namespace, in seconds.
const BOUND: &str = "90";
static BUILT: AtomicU32 = AtomicU32::new(0);

/// The network of one recording.
pub(super) struct Net {
    prefix: String,
}

/// Links: node, interface of the node, interface of the router, and number in the addresses.
const LINKS: [(Node, &str, &str, &str); 4] = [
    (Node::Client, "c0", "m0", "1"),
    (Node::Server, "s0", "m1", "2"),
    (Node::Server2, "t0", "m2", "3"),
    (Node::Client2, "d0", "m3", "4"),
];

impl Net {
    /// Builds the network.
    pub(super) fn build() -> io::Result<Self> {
        let net = Self { prefix: format!("synlab{}x{}", id(), BUILT.fetch_add(1, Ordering::Relaxed)) };
        for node in Node::ALL {
            run("ip", &["netns", "add", &net.name(node)])?;
            net.sh(node, "ip link set lo up")?;
        }
        LINKS.iter().try_for_each(|(node, near, far, number)| net.link(*node, near, far, number))?;
        net.sh(Node::Router, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")?;
        // A path as short as a veth pair is fine. Where netem is built in, it is some milliseconds
        // longer.
        let _ = net.sh(Node::Router, "tc qdisc add dev m0 root netem delay 5ms");
        // Sources of floods: answers to them leave by the client's link and end there.
        net.sh(Node::Router, "ip route add 198.18.0.0/15 dev m0")?;
        net.sh(Node::Router, "sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.m0.rp_filter=0")?;
        sleep(Duration::from_millis(200));
        Ok(net)
    }

    fn link(&self, node: Node, near: &str, far: &str, number: &str) -> io::Result<()> {
        let (host, router) = (self.name(node), self.name(Node::Router));
        run("ip", &["link", "add", near, "netns", &host, "type", "veth", "peer", "name", far, "netns", &router])?;
        for (node, interface, last) in [(node, near, 2), (Node::Router, far, 1)] {
            self.sh(node, &format!("ip addr add 10.0.{number}.{last}/24 dev {interface}"))?;
            self.sh(node, &format!("ip -6 addr add fd0{number}::{last}/64 dev {interface} nodad"))?;
            self.sh(node, &format!("ip link set {interface} up"))?;
            // Without offloads the capture shows the segments of the wire.
            let _ = self.sh(node, &format!("ethtool -K {interface} tso off gso off gro off tx off"));
        }
        self.sh(node, &format!("ip route add default via 10.0.{number}.1"))?;
        self.sh(node, &format!("ip -6 route add default via fd0{number}::1")).map(drop)
    }

    fn name(&self, node: Node) -> String {
        let letter = match node {
            Node::Client => 'c',
            Node::Client2 => 'd',
            Node::Router => 'm',
            Node::Server => 's',
            Node::Server2 => 't',
        };
        format!("{}{letter}", self.prefix)
    }

    /// Runs a shell line in a namespace and returns what it printed.
    pub(super) fn sh(&self, node: Node, line: &str) -> io::Result<String> {
        run("ip", &["netns", "exec", &self.name(node), "sh", "-c", line])
    }

    /// Sets a sysctl in a namespace.
    pub(super) fn sysctl(&self, node: Node, key: &str, value: &str) -> io::Result<()> {
        self.sh(node, &format!("sysctl -qw {key}='{value}'")).map(drop)
    }

    /// Captures TCP and ICMP on an interface until dropped; returns once it has begun.
    pub(super) fn capture(&self, node: Node, interface: &str, file: &Path) -> io::Result<Job> {
        let file = file.to_string_lossy();
        let args = ["tcpdump", "-Z", "root", "-i", interface, "-s", "200", "-U", "-w", &file, "tcp or icmp or icmp6"];
        let mut job = self.spawn(node, &args, Stdio::null(), Stdio::piped())?;
        // "listening on …" is the first thing it says.
        let mut said = Vec::new();
        let mut byte = [0];
        if let Some(err) = job.child.stderr.as_mut() {
            while !String::from_utf8_lossy(&said).contains("listening on") {
                if err.read(&mut byte)? == 0 {
                    return Err(io::Error::other(format!("tcpdump: {}", String::from_utf8_lossy(&said).trim())));
                }
                said.push(byte[0]);
            }
        }
        Ok(job)
    }

    /// Runs this program's agent in a namespace.
    pub(super) fn agent(&self, node: Node, args: &[&str]) -> io::Result<Job> {
        self.agent_under(node, &[], args)
    }

    /// Runs this program's agent in a namespace under another program, which prepares something and
    /// then becomes the agent.
    pub(super) fn agent_under(&self, node: Node, under: &[&str], args: &[&str]) -> io::Result<Job> {
        let own = std::env::current_exe()?;
        let own = own.to_string_lossy();
        let all = [under, &[&*own, "agent"], args].concat();
        self.spawn(node, &all, Stdio::piped(), Stdio::inherit())
    }

    fn spawn(&self, node: Node, args: &[&str], out: Stdio, err: Stdio) -> io::Result<Job> {
        let name = self.name(node);
        let child = Command::new("ip")
            .args(["netns", "exec", &name, "timeout", BOUND])
            .args(args)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()?;
        Ok(Job { child })
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for node in Node::ALL {
            let _ = run("ip", &["netns", "del", &self.name(node)]);
        }
    }
}

/// A program in a namespace; dropping it ends it.
pub(super) struct Job {
    child: Child,
}

impl Job {
    /// Waits for its end and reads the JSON it printed.
    pub(super) fn result(mut self) -> io::Result<Value> {
        let mut text = String::new();
        if let Some(out) = self.child.stdout.as_mut() {
            out.read_to_string(&mut text)?;
        }
        let status = self.child.wait()?;
        if !status.success() {
            return Err(io::Error::other(format!("an agent ended with {status}: {}", text.trim())));
        }
        Ok(serde_json::from_str(&text)?)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // `ip netns exec` becomes `timeout`, which hands a TERM on to the program it guards.
        let _ = run("kill", &["-TERM", &self.child.id().to_string()]);
        let _ = self.child.wait();
    }
}

fn run(program: &str, args: &[&str]) -> io::Result<String> {
    let done = Command::new(program).args(args).stdin(Stdio::null()).output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(io::Error::other(format!("{program} {}: {}", args.join(" "), said.trim())))
}
