package dev.holdfast.core.discovery;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/**
 * The text format of an endpoint list: a header, a line per endpoint with percent-encoded fields
 * between tabs, and a last line with the checksum of everything before it.
 */
final class EndpointListCodec {
  private static final String HEAD = "holdfast-endpoints 1 ";
  private static final String LAST = "crc32 ";
  private static final int FIELDS = 7;

  private EndpointListCodec() {}

  /** The contents of a parsed text. */
  public record Parsed(EndpointSet endpoints, Instant writtenAt) {}

  public static byte[] format(EndpointSet list, Instant now) {
    StringBuilder text = new StringBuilder(HEAD).append(now).append('\n');
    for (Endpoint endpoint : list.endpoints()) {
      text.append(line(endpoint)).append('\n');
    }
    byte[] body = text.toString().getBytes(StandardCharsets.UTF_8);
    byte[] last = (LAST + checksum(body, body.length) + "\n").getBytes(StandardCharsets.UTF_8);
    byte[] whole = Arrays.copyOf(body, body.length + last.length);
    System.arraycopy(last, 0, whole, body.length, last.length);
    return whole;
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @throws IllegalArgumentException when it is anything else
   */
  public static Parsed parse(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int last = text.lastIndexOf(LAST);
    if (!text.startsWith(HEAD) || last < 0) {
      throw new IllegalArgumentException("not a list of endpoints, or half of one");
    }
    String body = text.substring(0, last);
    byte[] checked = body.getBytes(StandardCharsets.UTF_8);
    if (!text.substring(last).equals(LAST + checksum(checked, checked.length) + "\n")) {
      throw new IllegalArgumentException("the checksum is wrong");
    }
    List<String> lines = body.lines().toList();
    try {
      Instant writtenAt = Instant.parse(lines.get(0).substring(HEAD.length()));
      List<Endpoint> endpoints = new ArrayList<>();
      lines.stream().skip(1).forEach(line -> endpoints.add(endpoint(line)));
      return new Parsed(EndpointSet.of(endpoints), writtenAt);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("the time is wrong", e);
    }
  }

  private static String line(Endpoint e) {
    String metadata =
        e.metadata().entrySet().stream()
            .map(entry -> encode(entry.getKey()) + "=" + encode(entry.getValue()))
            .collect(Collectors.joining("&"));
    return String.join(
        "\t",
        e.address().toString(),
        encode(e.instance()),
        encode(e.zone()),
        Integer.toString(e.weight()),
        Boolean.toString(e.ready()),
        Boolean.toString(e.draining()),
        metadata);
  }

  private static Endpoint endpoint(String line) {
    String[] fields = line.split("\t", -1);
    if (fields.length != FIELDS) {
      throw new IllegalArgumentException("fields: " + fields.length + " (expected: 7)");
    }
    Map<String, String> metadata = new TreeMap<>();
    for (String pair : fields[6].isEmpty() ? new String[0] : fields[6].split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException("metadata: \"" + pair + "\" (expected: key=value)");
      }
      metadata.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
    }
    return new Endpoint(
        HostPort.parse(fields[0]),
        decode(fields[1]),
        decode(fields[2]),
        Integer.parseInt(fields[3]),
        Boolean.parseBoolean(fields[4]),
        Boolean.parseBoolean(fields[5]),
        metadata);
  }

  private static String checksum(byte[] bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, length);
    return Long.toHexString(crc.getValue());
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
