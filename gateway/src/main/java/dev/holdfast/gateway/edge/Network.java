package dev.holdfast.gateway.edge;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;

/**
 * All addresses that begin with the same bits (CIDR, RFC 4632).
 *
 * @param address in hexadecimal
 * @param bits of it that count
 */
public record Network(String address, int bits) {
  /** What it must look like, for errors. */
  public static final String EXPECTED = "an address or a network such as 10.0.0.0/8";

  /**
   * Parses a network, or one address.
   *
   * @param name what the value is called where it was written, for the error
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public static Network parse(String name, String text) {
    int slash = text.indexOf('/');
    byte[] address =
        NetUtil.createByteArrayFromIpAddressString(slash < 0 ? text : text.substring(0, slash));
    if (address != null) {
      int most = address.length * Byte.SIZE;
      String bits = slash < 0 ? Integer.toString(most) : text.substring(slash + 1);
      if (bits.matches("[0-9]{1,3}") && Integer.parseInt(bits) <= most) {
        return new Network(HexFormat.of().formatHex(address), Integer.parseInt(bits));
      }
    }
    throw new IllegalArgumentException(name + ": " + text + " (expected: " + EXPECTED + ")");
  }

  /** Whether an address is one of it. */
  public boolean contains(InetAddress other) {
    byte[] known = HexFormat.of().parseHex(address);
    byte[] asked = other.getAddress();
    if (known.length != asked.length) {
      return false;
    }
    int whole = bits / Byte.SIZE;
    for (int i = 0; i < whole; i++) {
      if (known[i] != asked[i]) {
        return false;
      }
    }
    int rest = Byte.SIZE - bits % Byte.SIZE;
    return rest == Byte.SIZE || (known[whole] & 0xff) >> rest == (asked[whole] & 0xff) >> rest;
  }

  @Override
  public String toString() {
    try {
      return InetAddress.getByAddress(HexFormat.of().parseHex(address)).getHostAddress()
          + "/"
          + bits;
    } catch (UnknownHostException e) {
      throw new IllegalStateException("of a length that no address has: " + address, e);
    }
  }
}
