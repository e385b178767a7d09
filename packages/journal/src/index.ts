/** A durable record of what was sent to Aelyst, on node:sqlite, and one rate limit for all processes through Postgres. */
export {}
