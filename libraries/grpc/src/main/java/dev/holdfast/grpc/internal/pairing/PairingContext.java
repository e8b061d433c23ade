package dev.holdfast.grpc.internal.pairing;

import io.grpc.NameResolver;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * The parts that the {@link PairedSubchannel}s of a channel share. Its presence marks a channel
 * whose endpoints get pairs.
 *
 * <p>It travels as an argument of the channel's name resolver, because that is what a policy can
 * see of its channel, however deep in a tree of policies it stands.
 *
 * @param service what the channel calls, for meters
 * @param limit how many replacements may open at once
 * @param nanoClock the clock of {@link dev.holdfast.liveness.WatchedConnection#isStale}
 * @param random for pauses between replacements
 * @param instances the endpoints by address, for calls that are for one of them
 */
public record PairingContext(
    String service,
    MeterRegistry meters,
    ReplacementLimit limit,
    LongSupplier nanoClock,
    RandomGenerator random,
    InstanceIndex instances) {
  public static final NameResolver.Args.Key<PairingContext> ARGUMENT =
      NameResolver.Args.Key.create("dev.holdfast.grpc.pairing");
}
