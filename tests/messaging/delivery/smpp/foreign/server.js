// An SMSC made of node-smpp, on loopback. Says on stdout what it read, a JSON object a line; what it is to deliver comes
// the same way on stdin. The codec is node-smpp's own: this file never looks at octets.
"use strict";

const path = require("node:path");
const readline = require("node:readline");
const smpp = require(path.join(process.argv[2], "node_modules", "smpp"));

const sessions = new Set();
let lastId = 0;

function say(what) {
  process.stdout.write(JSON.stringify(what) + "\n");
}

function headerOf(message) {
  return (message.udh || []).map((element) => element.toString("hex"));
}

const server = smpp.createServer((session) => {
  for (const bind of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) {
    session.on(bind, (pdu) => {
      const known = pdu.password === "secret";
      session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RINVPASWD, system_id: "foreign" }));
      if (known) sessions.add(session);
      say({ bound: bind, system_id: pdu.system_id, known });
    });
  }
  session.on("submit_sm", (pdu) => {
    lastId += 1;
    const id = lastId.toString(16).padStart(8, "0");
    session.send(pdu.response({ message_id: id }));
    say({
      id,
      source: pdu.source_addr,
      source_ton: pdu.source_addr_ton,
      destination: pdu.destination_addr,
      destination_ton: pdu.dest_addr_ton,
      registered_delivery: pdu.registered_delivery,
      data_coding: pdu.data_coding,
      header: headerOf(pdu.short_message),
      text: pdu.short_message.message,
    });
  });
  session.on("deliver_sm_resp", (pdu) => say({ answered: pdu.sequence_number, status: pdu.command_status }));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    say({ unbound: true });
    session.close();
  });
  session.on("close", () => sessions.delete(session));
  session.on("error", () => sessions.delete(session));
});

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [session] = sessions;
  const told = JSON.parse(line);
  if (told.short_message && told.short_message.udh) {
    told.short_message.udh = Buffer.from(told.short_message.udh, "hex");
  }
  session.deliver_sm(told);
});
process.stdin.on("end", () => process.exit(0));

server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
