package dev.holdfast.doctor;

import java.time.Duration;
import java.util.Optional;

/**
 * What became of streams on which nothing happened.
 *
 * @param method the method that was held open; empty when the server has none that stays open
 * @param heldFor for how long streams were held, or until they ended
 * @param ended whether they were ended by somebody else
 * @param how by what, in words; "" when they were not
 * @param connectionLived whether the connection went on after the stream had ended
 * @param agreed whether two streams ended at the same age
 */
public record HeldResult(
    Optional<String> method,
    Duration heldFor,
    boolean ended,
    String how,
    boolean connectionLived,
    boolean agreed) {}
