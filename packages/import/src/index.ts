/** Files to Aelyst contacts: read, map, check, send and report, with every row accounted for. */
export {}
