/** Accept contacts at once and create them in Aelyst later: an outbox on node:sqlite that loses none. */
export {}
