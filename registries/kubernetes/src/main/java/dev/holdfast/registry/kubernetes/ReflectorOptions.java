package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Backoff;
import java.time.Duration;

/**
 * The times of a {@link Reflector}.
 *
 * @param requestTimeout after what time a page, or the opening of a watch, is given up
 * @param watchTimeout after what time the server is asked to end a watch, at most
 * @param silence after what time without a word a watch is dead
 * @param relist after what time a list is due although watches work, at most
 * @param retry the pauses after failures
 */
record ReflectorOptions(
    Duration requestTimeout,
    Duration watchTimeout,
    Duration silence,
    Duration relist,
    Backoff.BackoffOptions retry) {}
