package dev.holdfast.duplex.conformance;

import java.util.List;

/**
 * An implementation to test.
 *
 * @param name one word, for reports
 * @param client whether it has the client's role
 * @param server whether it has the server's role
 * @param command the command line of its adapter
 */
public record Candidate(String name, boolean client, boolean server, List<String> command) {
  private static final String EXPECTED =
      "%s (expected: NAME ROLES COMMAND.., roles being client, server or client,server)";

  /**
   * Reads a line of words separated by spaces: name, roles, command.
   *
   * @throws IllegalArgumentException when the line has another form
   */
  public static Candidate parse(String line) {
    List<String> words = List.of(line.strip().split("\\s+"));
    if (words.size() < 3) {
      throw new IllegalArgumentException(EXPECTED.formatted(line));
    }
    List<String> roles = List.of(words.get(1).split(","));
    if (!List.of("client", "server").containsAll(roles)) {
      throw new IllegalArgumentException(EXPECTED.formatted(line));
    }
    return new Candidate(
        words.get(0),
        roles.contains("client"),
        roles.contains("server"),
        words.subList(2, words.size()));
  }
}
