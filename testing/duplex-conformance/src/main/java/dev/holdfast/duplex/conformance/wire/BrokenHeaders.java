package dev.holdfast.duplex.conformance.wire;

import java.io.ByteArrayOutputStream;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Headers that break the rule of one spelling, by what is wrong with them. */
public final class BrokenHeaders {
  /**
   * Contents behind the tag field, in hex. Fields ascend from 2, so that only what the name says is
   * wrong.
   */
  public static final Map<String, String> CONTENTS = contents();

  /** Whole messages, in hex, whose header can't be read. */
  public static final Map<String, String> MESSAGES = messages();

  private BrokenHeaders() {}

  /** A message with a header of this content behind the attachment's tag. */
  public static byte[] message(long tag, byte[] content) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(new WireFields().put(1, tag).encode());
    all.writeBytes(content);
    return WireFrame.header(all.toByteArray());
  }

  private static Map<String, String> contents() {
    Map<String, String> contents = new LinkedHashMap<>();
    contents.put("long-varint", "108100");
    contents.put("varint-of-2-64", "10ffffffffffffffffff01");
    contents.put("varint-cut-off", "1080");
    contents.put("field-twice", "10011001");
    contents.put("fields-descend", "18011001");
    contents.put("explicit-zero", "1000");
    contents.put("unknown-field", "10014801");
    contents.put("bytes-for-a-varint", "120101");
    contents.put("unknown-flag", "1001288002");
    contents.put("status-of-17", "100128013811");
    return Collections.unmodifiableMap(contents);
  }

  private static Map<String, String> messages() {
    Map<String, String> messages = new LinkedHashMap<>();
    messages.put("without-length", "faffffff0f");
    messages.put("cut-off", "faffffff0f0508");
    messages.put("empty", "faffffff0f00");
    messages.put("without-tag", "faffffff0f021001");
    messages.put("too-long", "faffffff0f51" + "00".repeat(81));
    return Collections.unmodifiableMap(messages);
  }
}
