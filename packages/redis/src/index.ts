/** One rate limit for all processes: share the limit of an Aelyst client through any Redis client. */
export {}
