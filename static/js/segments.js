// How many segments a text takes: the rule of messaging/encoding/segments.py, to show a count at every key.
// What is charged is counted on the server; a test holds both to the same answer.

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
  + "¿abcdefghijklmnopqrstuvwxyzäöñüà\r",
);
const EXTENSION = new Set("\f^{}\\[~]|€");
const ALONE = { gsm7: 160, ucs2: 70 };
const IN_PART = { gsm7: 153, ucs2: 67 };

// The text as it is sent: NFC, lines ending in LF, halves of a surrogate pair shown as U+FFFD.
export function normalise(text) {
  return text.replaceAll("\r\n", "\n").replaceAll("\r", "\n").toWellFormed().normalize("NFC");
}

export function count(text) {
  const characters = Array.from(normalise(text));
  const isGsm = characters.every((char) => BASIC.has(char) || EXTENSION.has(char));
  const encoding = isGsm ? "gsm7" : "ucs2";
  // An escape pair and a surrogate pair are never split, so parts are packed one character after the other.
  const costs = characters.map((char) => (isGsm ? (EXTENSION.has(char) ? 2 : 1) : char.length));
  const units = costs.reduce((sum, cost) => sum + cost, 0);
  if (units <= ALONE[encoding]) {
    return { encoding, characters: characters.length, units, segments: characters.length ? 1 : 0 };
  }
  let segments = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > IN_PART[encoding]) {
      segments += 1;
      used = 0;
    }
    used += cost;
  }
  return { encoding, characters: characters.length, units, segments };
}
