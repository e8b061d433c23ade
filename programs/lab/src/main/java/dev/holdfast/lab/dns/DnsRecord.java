package dev.holdfast.lab.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;

/** A DNS resource record in wire format. Immutable. */
final class DnsRecord {
  private final String name;
  private final DnsType type;
  private final long ttlSeconds;
  private final byte[] content;

  /**
   * Creates a record from its parts in wire format.
   *
   * @param name the owner, in canonical form
   * @param type the type, which defines the format of the content
   * @param ttl how long the record may be cached, in whole seconds
   * @param content the record data in wire format
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
