package dev.holdfast.gateway.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Collection;

/**
 * Parser of the ALPN protocols in a ClientHello (RFC 7301). With Netty on BoringSSL a handshake
 * without a common protocol continues without one. The RFC (3.2) and the JDK abort it, which
 * prevents cross-protocol attacks on a shared certificate.
 */
final class ClientHelloAlpn {
  private static final int VERSION_AND_RANDOM_BYTES = 34;
  private static final int ALPN = 16;

  /** A fatal alert, no_application_protocol, as one record of TLS. */
  private static final byte[] ALERT = {0x15, 3, 3, 0, 2, 2, 120};

  private ClientHelloAlpn() {}

  /**
   * Whether one of the protocols is offered, or none at all. A message that makes no sense is for
   * the handshake to refuse.
   *
   * @param hello the message behind its type and length
   */
  static boolean fit(ByteBuf hello, Collection<String> known) {
    ByteBuf in = hello.duplicate();
    try {
      in.skipBytes(VERSION_AND_RANDOM_BYTES);
      in.skipBytes(in.readUnsignedByte());
      in.skipBytes(in.readUnsignedShort());
      in.skipBytes(in.readUnsignedByte());
      ByteBuf extensions = in.readSlice(in.readUnsignedShort());
      while (extensions.isReadable()) {
        int type = extensions.readUnsignedShort();
        ByteBuf body = extensions.readSlice(extensions.readUnsignedShort());
        if (type == ALPN) {
          return anyOf(body.skipBytes(Short.BYTES), known);
        }
      }
    } catch (IndexOutOfBoundsException e) {
      return true;
    }
    return true;
  }

  private static boolean anyOf(ByteBuf names, Collection<String> known) {
    while (names.isReadable()) {
      int length = names.readUnsignedByte();
      if (known.contains(names.readCharSequence(length, StandardCharsets.US_ASCII).toString())) {
        return true;
      }
    }
    return false;
  }

  /** The last words to a client none of whose protocols is known. */
  static ByteBuf alert() {
    return Unpooled.copiedBuffer(ALERT);
  }
}
