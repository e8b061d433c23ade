package dev.holdfast.doctor;

import java.time.Duration;
import java.util.Optional;

/**
 * The result of holding idle streams open.
 *
 * @param method the method that was held open; empty when the server has none that stays open
 * @param heldFor how long the streams were held, or until they ended
 * @param ended whether the streams were ended by the peer or a hop
 * @param how the way in which they ended, in words; "" when they did not
 * @param connectionLived whether the connection survived the end of its stream
 * @param endedAtSameAge whether two streams ended at the same age
 */
public record IdleStreamResult(
    Optional<String> method,
    Duration heldFor,
    boolean ended,
    String how,
    boolean connectionLived,
    boolean endedAtSameAge) {}
