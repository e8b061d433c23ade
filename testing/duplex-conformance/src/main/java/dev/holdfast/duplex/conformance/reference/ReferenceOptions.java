package dev.holdfast.duplex.conformance.reference;

import dev.holdfast.duplex.conformance.implementation.JsonLine;
import java.util.EnumSet;
import java.util.Set;

/**
 * The options of a reference server.
 *
 * @param tokenKey secret of tokens, in hex
 * @param address owner in tokens; empty for none
 * @param principalHeader request header with the principal; empty for none
 * @param faults mistakes to make
 */
record ReferenceOptions(
    String tokenKey,
    String address,
    String principalHeader,
    boolean onlyInstance,
    boolean readsByHand,
    long ttlMillis,
    long ackEvery,
    long ackDelayMillis,
    long receiveMessages,
    long sendMessages,
    Set<ServerFault> faults) {

  static ReferenceOptions of(JsonLine options, Set<ServerFault> faults) {
    String key = options.text("tokenKey");
    return new ReferenceOptions(
        key.isEmpty() ? "00".repeat(32) : key,
        options.text("address"),
        options.text("principalHeader"),
        options.number("onlyInstance") == 1,
        options.text("reading").equals("manual"),
        number(options, "ttlMs", 120_000),
        number(options, "ackEvery", 64),
        number(options, "ackDelayMs", 50),
        number(options, "receiveMessages", 256),
        number(options, "sendMessages", 256),
        faults.isEmpty() ? EnumSet.noneOf(ServerFault.class) : EnumSet.copyOf(faults));
  }

  boolean has(ServerFault fault) {
    return faults.contains(fault);
  }

  private static long number(JsonLine options, String name, long otherwise) {
    return options.fields().containsKey(name) ? options.number(name) : otherwise;
  }
}
