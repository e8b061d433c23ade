package dev.holdfast.gateway.http2.codec;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A case that an RFC names: what a peer sends in a state, and all that comes of it.
 *
 * @param section of the RFC: 9113's with a bare number, 7541's behind an H
 * @param server whether our codec has the server's role
 * @param frames of the peer, made of the number of the stream in question
 * @param events all that our codec passes on, in its order, and all that it sends, in its order; #
 *     is the stream's number
 */
record CodecCase(
    String section,
    String name,
    boolean server,
    CaseState state,
    IntFunction<byte[]> frames,
    String events) {
  /** The stream in question, in both roles. */
  static final int STREAM = 3;

  static final String SILENCE = "";

  /** The events of a case that ends the connection. */
  static String closes(String code) {
    return "sent GOAWAY " + code;
  }

  /** The events of a case that ends the stream in question, and no other. */
  static String resets(String code) {
    return "sent RST_STREAM # " + code;
  }

  static String all(String... events) {
    return String.join(" | ", events);
  }

  byte[] bytes() {
    return frames.apply(STREAM);
  }

  /** The events with the stream's number: first those that are seen, as a connection tells them. */
  String expected() {
    return Stream.of(events.split(" \\| "))
        .sorted(Comparator.comparing(each -> each.startsWith("sent")))
        .collect(Collectors.joining(" | "))
        .replace("#", Integer.toString(STREAM));
  }

  @Override
  public String toString() {
    return section + ", " + (server ? "server: " : "client: ") + name + ", " + state;
  }

  /** A table of cases. */
  static final class Table {
    private final List<CodecCase> cases = new ArrayList<>();
    private String section = "";

    /** The section of the cases that follow. */
    Table section(String number) {
      section = number;
      return this;
    }

    Table server(String name, CaseState state, IntFunction<byte[]> frames, String events) {
      cases.add(new CodecCase(section, name, true, state, frames, events));
      return this;
    }

    Table client(String name, CaseState state, IntFunction<byte[]> frames, String events) {
      cases.add(new CodecCase(section, name, false, state, frames, events));
      return this;
    }

    /** A case of both roles. */
    Table both(String name, CaseState state, IntFunction<byte[]> frames, String events) {
      return server(name, state, frames, events).client(name, state, frames, events);
    }

    List<CodecCase> cases() {
      return cases;
    }
  }
}
