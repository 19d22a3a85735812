// Loaded into Azurite before its own code (node --require). Two things it cannot be told by option:
// 1. Blob names live in memory and reach the disk every 5 s; a kill would forget blobs that the app
//    was told are stored. Here they are saved every quarter of a second, when something changed.
// 2. Whoever started it may be killed. Then its standard input closes, and it saves and ends.
"use strict";

const Loki = require(require.resolve("lokijs", { paths: [process.argv[1]] }));
const enable = Loki.prototype.autosaveEnable;
Loki.prototype.autosaveEnable = function (...rest) {
  this.autosaveInterval = 250;
  return enable.apply(this, rest);
};

process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
process.stdin.unref();
