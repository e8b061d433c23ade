package dev.holdfast.gateway.traffic;

import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * The record of one connection that is passed through byte for byte, or was refused. Confined to
 * its event loop.
 */
public final class ConnectionRecord implements LongLived {
  private final LoopCallStatistics loop;
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

  ConnectionRecord(LoopCallStatistics loop, String cluster, AsciiString client) {
    this.loop = loop;
    this.sink = loop.sink();
    this.cluster = cluster;
    this.client = client;
    if (sink != null) {
      loop.watch(this);
    }
  }

  /** Records an attempt to connect to an endpoint. */
  public void onAttempt(String address) {
    endpoint = address;
    attempts++;
  }

  /** Counts bytes from the client. */
  public void onSent(int bytes) {
    sentBytes += bytes;
  }

  /** Counts bytes from the endpoint. */
  public void onReceived(int bytes) {
    receivedBytes += bytes;
  }

  /**
   * Records the end of the connection; only the first call of this method counts.
   *
   * @param how the reason, in one word
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
  public void reportAfter(long nowNanos, long pauseNanos) {
    CallSink hearer = sink;
    if (hearer != null && nowNanos - toldNanos >= pauseNanos) {
      toldNanos = nowNanos;
      hearer.onConnection(this);
    }
  }

  /** The name of the connection's cluster; "" for none. */
  public String cluster() {
    return cluster;
  }

  /** The address of the client, without the port; empty if unknown. */
  public AsciiString client() {
    return client;
  }

  /** The endpoint of the last attempt; "" for none. */
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

  /** The duration of the connection up to now or to its end, in nanoseconds. */
  public long spentNanos() {
    return endNanos >= 0 ? endNanos : System.nanoTime() - beganNanos;
  }

  /** The reason of the end; "" while the connection is open. */
  public String end() {
    return end;
  }
}
