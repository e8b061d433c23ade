package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import org.jspecify.annotations.Nullable;

/** The search for the call of a client connection that holds the most memory. */
final class HeaviestCall {
  private final DownstreamConnection client;
  private @Nullable RequestFrameHandler heaviest;
  private long mostBytes;
  private int youngest;
  private int holders;

  private HeaviestCall(DownstreamConnection client) {
    this.client = client;
  }

  /** Ends the heaviest call, as {@link MemoryAccount.AccountOwner} requires. */
  static void end(DownstreamConnection client, MetLimit why) {
    HeaviestCall found = new HeaviestCall(client);
    client.forEachStream(found::visit);
    RequestFrameHandler call = found.heaviest;
    if (call != null && (why != MetLimit.CONNECTION_BYTES || found.holders > 1)) {
      client.loop().meters().met(why);
      call.onOverload();
    }
  }

  private void visit(CallStream stream) {
    RequestFrameHandler request = client.request(stream);
    long held = request == null ? 0 : request.heldBytes();
    holders += held > 0 ? 1 : 0;
    // Of two the younger, which has less to lose.
    if (held > 0 && (held > mostBytes || (held == mostBytes && stream.id() > youngest))) {
      mostBytes = held;
      youngest = stream.id();
      heaviest = request;
    }
  }
}
