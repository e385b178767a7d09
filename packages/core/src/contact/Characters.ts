/**
 * Classes of characters that the rules for texts are built on. Each pattern looks at one character at a time, so hostile
 * input costs linear time.
 */

/** Matches a control character: C0, DEL or C1, with CR, LF, TAB and NUL. */
export const control = /\p{Cc}/u

/** Matches half of a surrogate pair, which has no UTF-8 form. */
export const loneSurrogate = /\p{Cs}/u

/** Matches a character that no string of a contact may have: NUL or half of a surrogate pair. */
export const malformed = /[\0\p{Cs}]/u

/**
 * Matches a space, a control character, half of a surrogate pair, or a character that cannot be seen: what Unicode calls
 * ignorable (bidi controls among it), interlinear marks, and the braille pattern without dots.
 */
export const unseen = /[\p{Z}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]/u

/** Matches what `unseen` matches, but no plain space (U+0020). */
export const unseenButSpace =
  /(?! )[\p{Z}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]/u

const visible = /[^\p{Z}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]/u

/** Returns whether nothing in a text can be seen: it is empty, or has only spaces, controls and invisible characters. */
export const isBlank = (text: string): boolean => !visible.test(text)

/** Returns whether the UTF-8 form of a text is longer than `limit` bytes; encodes at most `limit` characters. */
export const isLongerThan = (text: string, limit: number): boolean =>
  text.length > limit || (text.length * 3 > limit && new TextEncoder().encode(text).length > limit)
