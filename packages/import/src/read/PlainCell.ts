/** Recognises most cells, which need no cleaning. */
const plain = /^[A-Za-z\d+](?:[^]*[A-Za-z\d])?$/

/** Returns whether a cell begins and ends with a letter or a digit of ASCII, so that there is nothing to take off. */
export const isPlain = (cell: string): boolean => plain.test(cell)
