package dev.holdfast.gateway.traffic;

import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * What one connection did that is passed through byte for byte, or was turned away. On its event
 * loop.
 */
public final class ConnectionTrace implements LongLived {
  private final LoopTraffic loop;
  private final @Nullable CallSink sink;
  private final String cluster;
  private final AsciiString client;
  private final long beganNanos = System.nanoTime();
  private String endpoint = "";
  private int attempts;
  private long sentBytes;
  private long receivedBytes;
  private long endNanos = -1;
  private long toldNanos = beganNanos;
  private String end = "";

  ConnectionTrace(LoopTraffic loop, String cluster, AsciiString client) {
    this.loop = loop;
    this.sink = loop.sink();
    this.cluster = cluster;
    this.client = client;
    if (sink != null) {
      loop.watch(this);
    }
  }

  /** An endpoint is tried. */
  public void onAttempt(String address) {
    endpoint = address;
    attempts++;
  }

  /** Bytes of the client. */
  public void onSent(int bytes) {
    sentBytes += bytes;
  }

  /** Bytes of the endpoint. */
  public void onReceived(int bytes) {
    receivedBytes += bytes;
  }

  /**
   * It is over; only the first time counts.
   *
   * @param how a word
   */
  public void onEnd(String how) {
    if (endNanos >= 0) {
      return;
    }
    end = how;
    endNanos = System.nanoTime() - beganNanos;
    CallSink hearer = sink;
    if (hearer != null) {
      loop.unwatch(this);
      hearer.onConnection(this);
    }
  }

  @Override
  public void tellAfter(long nowNanos, long pauseNanos) {
    CallSink hearer = sink;
    if (hearer != null && nowNanos - toldNanos >= pauseNanos) {
      toldNanos = nowNanos;
      hearer.onConnection(this);
    }
  }

  /** The name of its cluster; "" for none. */
  public String cluster() {
    return cluster;
  }

  /** The address of the client, without the port; empty for one that is not known. */
  public AsciiString client() {
    return client;
  }

  /** The endpoint that was tried last; "" for none. */
  public String endpoint() {
    return endpoint;
  }

  public int attempts() {
    return attempts;
  }

  public long sentBytes() {
    return sentBytes;
  }

  public long receivedBytes() {
    return receivedBytes;
  }

  /** How long it took up to now. */
  public long spentNanos() {
    return endNanos >= 0 ? endNanos : System.nanoTime() - beganNanos;
  }

  /** How it ended; "" while it goes on. */
  public String end() {
    return end;
  }
}
