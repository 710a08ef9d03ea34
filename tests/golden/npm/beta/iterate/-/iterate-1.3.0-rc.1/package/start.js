// Rendered for each release; an edit here is lost.
// Starts the program out of the package that fits this machine, and becomes it as far as node can: the same input,
// output, signals and end. No package of these has install scripts, so which one fits is found out here.
// The scripts in bin call it, one for each command.
"use strict";

// Without "node:", which some clients' resolvers do not know.
const childProcess = require("child_process");
const fs = require("fs");
const path = require("path");

// What the program is called by itself; it does what the name says that it is called by.
const PROGRAM = "iterate";
const PACKAGE = "iterate";
const VERSION = "1.3.0-rc.1";
// level3: needs the instructions of x86-64-v3, of which AVX2 is the best known.
const BUILDS = [
  { name: "iterate-linux-x64", system: "linux", arch: "x64", libc: "glibc", level3: true, program: "iterate/iterate" },
  { name: "iterate-linux-x64-baseline", system: "linux", arch: "x64", libc: "glibc", level3: false, program: "iterate/iterate" },
  { name: "iterate-linux-arm64", system: "linux", arch: "arm64", libc: "glibc", level3: false, program: "iterate/iterate" },
  { name: "iterate-linux-x64-musl", system: "linux", arch: "x64", libc: "musl", level3: true, program: "iterate/iterate" },
  { name: "iterate-linux-x64-baseline-musl", system: "linux", arch: "x64", libc: "musl", level3: false, program: "iterate/iterate" },
  { name: "iterate-linux-arm64-musl", system: "linux", arch: "arm64", libc: "musl", level3: false, program: "iterate/iterate" },
  { name: "iterate-darwin-arm64", system: "darwin", arch: "arm64", libc: "", level3: false, program: "iterate/iterate" },
  { name: "iterate-darwin-x64", system: "darwin", arch: "x64", libc: "", level3: true, program: "iterate/iterate" },
  { name: "iterate-darwin-x64-baseline", system: "darwin", arch: "x64", libc: "", level3: false, program: "iterate/iterate" },
  { name: "iterate-windows-x64-baseline", system: "win32", arch: "x64", libc: "", level3: false, program: "iterate/iterate.exe" },
  { name: "iterate-windows-arm64", system: "win32", arch: "arm64", libc: "", level3: false, program: "iterate/iterate.exe" },
];
// As shells have it: 127 where there is no program, 126 where there is one that does not start.
const NO_PROGRAM = 127;
const NOT_STARTED = 126;
// Every signal that would end this script, or, as SIGUSR1 does, open node's debugger, and leave the program alone. Not
// those that tell of this script's own faults, and not those of job control, which a terminal sends to both.
const SIGNALS = "INT TERM HUP QUIT USR1 USR2 ALRM VTALRM PROF XCPU XFSZ IO PWR STKFLT SYS ABRT"
  .split(" ")
  .map((name) => "SIG" + name);

// --- which builds are here, the best first ---------------------------------------------------------------------

// The folder of a build's package where this version of it is installed, or why it is not.
function located(build) {
  let description;
  let found;
  try {
    description = require.resolve(build.name + "/package.json");
    found = JSON.parse(fs.readFileSync(description, "utf8")).version;
  } catch (error) {
    if (/NOT_FOUND/.test(error.code)) return { build, missing: "is not installed" };
    return { build, missing: "is installed, and cannot be read: " + error.message.split("\n")[0] };
  }
  if (found !== VERSION) return { build, missing: "is there in version " + found + ", not " + VERSION };
  return { build, program: path.join(path.dirname(description), build.program) };
}

// true, false, or null where the system does not say.
function hasLevel3() {
  if (process.platform === "linux") {
    try {
      // The first processor's lines are enough; the file of a large machine takes long to read.
      const file = fs.openSync("/proc/cpuinfo", "r");
      const head = Buffer.alloc(8192);
      const length = fs.readSync(file, head, 0, head.length, 0);
      fs.closeSync(file);
      const flags = /^flags\s*:(.*)$/m.exec(head.toString("latin1", 0, length));
      if (flags === null) return null;
      const there = new Set(flags[1].split(" "));
      const needed = ["abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"];
      return needed.every((flag) => there.has(flag));
    } catch (error) {
      return null;
    }
  }
  if (process.platform === "darwin") {
    const asked = childProcess.spawnSync("/usr/sbin/sysctl", ["-n", "hw.optional.avx2_0"], { encoding: "utf8" });
    return asked.status === 0 ? asked.stdout.trim() === "1" : null;
  }
  return null;
}

// The C library of this system, by the one that node itself runs on: an ldd, or the loader of the other library,
// may lie around on any system. Empty where node does not say.
function libc() {
  const loader = interpreter(process.execPath);
  if (/\/ld-musl-/.test(loader)) return "musl";
  if (/\/ld-linux/.test(loader)) return "glibc";
  const report = process.report;
  if (!report || !report.getReport) return "";
  report.excludeNetwork = true; // or it asks a name server
  const { header, sharedObjects } = report.getReport();
  if (header && header.glibcVersionRuntime) return "glibc";
  return (sharedObjects || []).some((name) => /musl/.test(name)) ? "musl" : "";
}

// The loader that a program of Linux names in its head; empty for a static one. Source: elf(5).
function interpreter(program) {
  try {
    const file = fs.openSync(program, "r");
    try {
      const read = (offset, size) => {
        const into = Buffer.alloc(size);
        fs.readSync(file, into, 0, size, offset);
        return into;
      };
      const head = read(0, 64);
      const wide = head.toString("latin1", 0, 4) === "\x7fELF" && head[4] === 2 && head[5] === 1;
      const [start, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
      const table = read(start, wide ? size * count : 0);
      for (let at = 0; at < table.length; at += size) {
        if (table.readUInt32LE(at) === 3) {
          const [offset, length] = [table.readBigUInt64LE(at + 8), table.readBigUInt64LE(at + 32)];
          return read(Number(offset), Number(length)).toString("latin1");
        }
      }
    } finally {
      fs.closeSync(file);
    }
  } catch (error) {
    // Then node does not say.
  }
  return "";
}

// The installed builds in the order in which to try them: the system's own C library before the other one, then the
// one made for newer processors where this is one, and never where it is known to be none.
function ordered(there) {
  const differ = (key) => new Set(there.map((each) => each.build[key])).size > 1;
  const own = differ("libc") ? libc() : "";
  const level3 = there.some((each) => each.build.level3) ? hasLevel3() : null;
  const rank = ({ build }) => (own && build.libc !== own ? 2 : 0) + (build.level3 === (level3 === true) ? 0 : 1);
  return there.filter(({ build }) => !(build.level3 && level3 === false)).sort((one, other) => rank(one) - rank(other));
}

// --- running it ------------------------------------------------------------------------------------------------

// Whether the terminal has sent a signal, and so to the program as well: it does to all in its foreground.
function isFromTerminal(signal) {
  if (signal !== "SIGINT" && signal !== "SIGQUIT") return false;
  if (process.platform === "linux") {
    try {
      const text = fs.readFileSync("/proc/self/stat", "latin1");
      const [, , group, , , foreground] = text.slice(text.lastIndexOf(")") + 2).split(" "); // proc(5)
      return group === foreground;
    } catch (error) {
      return false;
    }
  }
  const asked = childProcess.spawnSync("ps", ["-o", "pgid=,tpgid=", "-p", String(process.pid)], { encoding: "utf8" });
  const [group, foreground] = String(asked.stdout).trim().split(/\s+/);
  return asked.status === 0 && group === foreground;
}

function run(command, programs, failures) {
  if (programs.length === 0) {
    say(command, failures.concat(["", "Where its folder is mounted noexec, install into another one."]));
    process.exit(NOT_STARTED);
  }
  const { program, build } = programs[0];
  let child = null;
  // On Windows the console tells every program itself, and to send a signal is to kill.
  const windows = process.platform === "win32";
  const signals = windows ? ["SIGINT", "SIGBREAK", "SIGHUP"] : SIGNALS;
  const pass = (signal) => {
    if (!windows && child !== null && !isFromTerminal(signal)) child.kill(signal);
  };
  // Before the program is started: what comes first must not leave it behind alone.
  for (const signal of signals) process.on(signal, pass);
  const deaf = () => signals.forEach((signal) => process.removeListener(signal, pass));

  const next = (error) => {
    deaf();
    run(command, programs.slice(1), failures.concat([build.name + " is installed, and does not start: " + error.message]));
  };
  try {
    const words = process.argv.slice(2);
    const options = { stdio: "inherit" };
    if (command !== PROGRAM && windows) words.unshift("--as=" + command);
    if (command !== PROGRAM && !windows) options.argv0 = command;
    child = childProcess.spawn(program, words, options);
  } catch (error) {
    // Of some errors node tells at once, of others later.
    next(error);
    return;
  }
  child.on("error", next);
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    deaf();
    process.kill(process.pid, signal);
    // Where that signal ends nobody: as shells have it.
    setTimeout(() => process.exit(128 + (require("os").constants.signals[signal] || 0)), 200);
  });
}

function say(command, lines) {
  fs.writeSync(2, lines.map((line, number) => (number ? line : command + ": " + line) + "\n").join(""));
}

function missing(fits) {
  const here = process.platform + " " + process.arch;
  if (fits.length === 0) {
    const all = BUILDS.map((build) => build.name.slice(PACKAGE.length + 1)).join(", ");
    return ["there is no build for " + here + ".", "", "There are builds for " + all + "."];
  }
  const own = libc();
  const lost = fits.filter(({ build }) => !own || !build.libc || build.libc === own);
  return [
    "there is no program for " + here + " in this installation:",
    ...lost.map((each) => "  " + each.build.name + " " + (each.missing || "needs a newer processor")),
    "",
    "Such packages are optional dependencies of " + PACKAGE + ", and one of them is needed. They are left out by",
    "  --omit=optional, --no-optional or --ignore-optional, also in an .npmrc",
    "  a lockfile or a node_modules folder that was made on another system, or for another C library",
    "",
    "To install them:",
    "  npm install --global --include=optional " + PACKAGE + "@" + VERSION,
    "or in a project, after its lockfile and node_modules are removed:",
    "  npm install --include=optional " + PACKAGE + "@" + VERSION,
  ];
}

module.exports = function start(command) {
  const fits = BUILDS.filter((build) => build.system === process.platform && build.arch === process.arch).map(located);
  const programs = ordered(fits.filter((each) => each.program));
  if (programs.length === 0) {
    say(command, missing(fits));
    process.exit(NO_PROGRAM);
  }
  run(command, programs, []);
};
