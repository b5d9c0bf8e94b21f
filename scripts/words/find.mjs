/** Each word of the list, and what is written instead. */
const LIST = [
  [
    /\b(?:whoever|nobody|somebody|everybody|who starts last)\b/i,
    'the thing that acts: the caller, the server, another process',
  ],
  [/\b(?:lest)\b/i, '"so that … not"'],
  [/\b(?:anew)\b/i, '"again"'],
  [
    /\bthe seeds?\b(?! (?:of|for) (?:the|a|this|its) (?:random|run|generator|play))/i,
    'the name of the program: Go `sidekick`, gopiloted, the etcd v2 Go client',
  ],
  [/\b(?:a list of texts|a text)\b/i, '"an array of strings", "a string"'],
  [/\bwhole numbers?\b/i, '"integer"'],
  [/\bput right\b/i, '"repaired"'],
  [/\b(?:lets? go of|letting go of|let go)\b/i, '"release"'],
  [/\bstand(?:s|ing)? (?:by|in)\b/i, '"waits", "replaces"'],
  [/\b(?:what is gone|what nobody|that is all there is)\b/i, 'the subject by its name'],
  [/\b(?:goes|go|going|went) on (?!to\b)(?!-)/i, '"continues"'],
  [/\b(?:tells of|is told|be told|tidied away|tidies away)\b/i, '"reports", "receives", "removed"'],
  [
    /\b(?:lives? on|serves? on|beats? on|a word with|out of reach|in vain|farewell|heed(?:s|ed)?)\b/i,
    'the standard term',
  ],
  [/\b(?:keepings|slots?)\b/i, '"registration", "entry key"'],
];

/** Occurrences in `text`: line, the word found, what to write instead. */
export function findWords(text) {
  return text.split('\n').flatMap((line, index) =>
    LIST.flatMap(([pattern, instead]) => {
      const match = pattern.exec(line);
      return match ? [{ line: index + 1, word: match[0], instead }] : [];
    }),
  );
}
