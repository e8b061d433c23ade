package dev.holdfast.lab;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;

/** One record as it is sent. Immutable. */
final class DnsRecord {
  private final String name;
  private final DnsType type;
  private final long ttlSeconds;
  private final byte[] content;

  /**
   * A record.
   *
   * @param name the owner, in canonical form
   * @param type says how the content is to be read
   * @param ttl how long it may be kept, in whole seconds
   * @param content in wire format
   */
  DnsRecord(String name, DnsType type, Duration ttl, byte[] content) {
    this.name = name;
    this.type = type;
    ttlSeconds = ttl.toSeconds();
    this.content = content.clone();
  }

  String name() {
    return name;
  }

  DnsType type() {
    return type;
  }

  long ttlSeconds() {
    return ttlSeconds;
  }

  /** A view of the content, to be read once. */
  ByteBuf content() {
    return Unpooled.wrappedBuffer(content);
  }
}
