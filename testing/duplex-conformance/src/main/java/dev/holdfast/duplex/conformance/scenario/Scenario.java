package dev.holdfast.duplex.conformance.scenario;

import java.util.List;
import java.util.Set;

/**
 * A scenario: a script in which a reference peer meets the implementation under test.
 *
 * @param name lower case with dashes, unique
 * @param role of the implementation under test
 * @param rules the ids of the document's rules that it shows
 * @param needs options and commands without which the implementation is not asked
 * @param script throws an AssertionError when a rule is broken
 */
public record Scenario(
    String name, Role role, List<String> rules, Set<String> needs, Script script) {
  private static final String MOVES = "hand-over";
  private static final String KIND_OF_METHOD = "-streaming";

  /** The role of the implementation under test. */
  public enum Role {
    CLIENT,
    SERVER,
    /** A client and a server, both under test, with a relay between them. */
    PAIR
  }

  /** The steps of a scenario. */
  @FunctionalInterface
  public interface Script {
    void run(Stage stage) throws Exception;
  }

  /** Whether its streams move from the server of the pair to other ones. */
  public boolean moves() {
    return role == Role.PAIR && needs.contains(MOVES);
  }

  /**
   * The needs that nobody meets, sorted. A pair needs a method's kind of both sides, {@code
   * hand-over} of its client, and anything else of its server.
   *
   * @param clientOptions of the client; of the server when no client is under test
   * @param serverOptions of the server; of the client when no server is under test
   */
  public List<String> unmetNeeds(Set<String> clientOptions, Set<String> serverOptions) {
    return needs.stream()
        .filter(need -> !isMet(need, clientOptions, serverOptions))
        .sorted()
        .toList();
  }

  private static boolean isMet(String need, Set<String> client, Set<String> server) {
    if (need.endsWith(KIND_OF_METHOD)) {
      return client.contains(need) && server.contains(need);
    }
    return (need.equals(MOVES) ? client : server).contains(need);
  }

  /** All scenarios, in the order of the document's tables. */
  public static List<Scenario> all() {
    return Scenarios.all();
  }
}
