// The emulator of xterm.js behind a pipe: a command of JSON a line comes in, and for `look` a line of JSON goes out.
// `xterm-headless` of make/npm.sh is a node that finds the two packages.
const { Terminal } = require("@xterm/headless");
const { UnicodeGraphemesAddon } = require("@xterm/addon-unicode-graphemes");

let terminal, replies;

function begin(columns, lines) {
  replies = "";
  terminal = new Terminal({ cols: columns, rows: lines, scrollback: 100000, allowProposedApi: true });
  terminal.loadAddon(new UnicodeGraphemesAddon());
  terminal.unicode.activeVersion = "15-graphemes";
  terminal.onData((text) => (replies += text));
}

function look() {
  const buffer = terminal.buffer.active;
  const rows = [], wrapped = [];
  for (let number = 0; number < buffer.length; number++) {
    const line = buffer.getLine(number);
    rows.push(line.translateToString(true));
    wrapped.push(line.isWrapped);
  }
  const told = {
    rows, wrapped, above: buffer.baseY, cursor: [buffer.cursorY, buffer.cursorX],
    alternate: buffer.type === "alternate", modes: terminal.modes, replies,
  };
  replies = "";
  return told;
}

async function obey(asked) {
  if (asked.begin) begin(...asked.begin);
  if (asked.resize) terminal.resize(...asked.resize);
  if (asked.feed) await new Promise((done) => terminal.write(Buffer.from(asked.feed, "base64"), done));
  if (asked.look) process.stdout.write(JSON.stringify(look()) + "\n");
}

let rest = "", turn = Promise.resolve();
process.stdin.on("data", (content) => {
  const lines = (rest + content).split("\n");
  rest = lines.pop();
  for (const line of lines) turn = turn.then(() => obey(JSON.parse(line)));
});
