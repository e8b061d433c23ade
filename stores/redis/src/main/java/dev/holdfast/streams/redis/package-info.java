/**
 * The session store for durable streams in Redis: {@link
 * dev.holdfast.streams.redis.RedisSessionStore}.
 *
 * <p>One hash per session, changed by two scripts that compare the fence first. Requests of all
 * sessions share a few connections and are written in batches.
 */
@NullMarked
package dev.holdfast.streams.redis;

import org.jspecify.annotations.NullMarked;
