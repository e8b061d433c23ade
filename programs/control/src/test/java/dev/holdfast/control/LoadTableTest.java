package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import org.junit.jupiter.api.Test;

/** Names of clusters are chosen by clients: the table has a bound, and forgets. */
class LoadTableTest {
  private final LoadTable table = new LoadTable();

  @Test
  void reportsAddUpAndWhatAClientDidStaysWhenItIsGone() {
    assertThat(table.add("a", report("orders", 3))).isTrue();
    assertThat(table.add("b", report("orders", 4))).isTrue();
    table.remove("a");
    assertThat(table.list())
        .singleElement()
        .extracting(LoadTable.ClusterLoad::issued)
        .isEqualTo(7L);
    assertThat(table.list())
        .singleElement()
        .extracting(LoadTable.ClusterLoad::clients)
        .isEqualTo(1);
  }

  @Test
  void namesOfClientsThatAreGoneMakeRoomTheOldestFirst() {
    fill();
    table.remove("client-0");
    table.remove("client-1");
    assertThat(table.add("late", report("new", 1))).isTrue();
    assertThat(table.list()).hasSize(LoadTable.MAX_CLUSTERS);
    assertThat(table.list().stream().map(LoadTable.ClusterLoad::cluster))
        .contains("new", name(1, 0))
        .satisfies(
            names ->
                assertThat(names.stream().filter(each -> each.startsWith("client-0/")).count())
                    .isEqualTo(LoadTable.MAX_CLUSTERS_OF_A_CLIENT - 1));
  }

  @Test
  void namesOfClientsThatReportAreKept() {
    fill();
    assertThat(table.add("late", report("new", 1))).isFalse();
    assertThat(table.add("client-0", report(name(0, 0), 1))).isTrue();
    assertThat(table.add("late", report(name(0, 0), 1))).isTrue();
  }

  @Test
  void aNameThatIsReportedOnAgainIsNotForgotten() {
    fill();
    table.remove("client-0");
    for (int i = 0; i < LoadTable.MAX_CLUSTERS_OF_A_CLIENT; i++) {
      assertThat(table.add("again", report(name(0, i), 1))).isTrue();
    }
    assertThat(table.add("late", report("new", 1))).isFalse();
  }

  @Test
  void oneClientCannotFillTheTable() {
    for (int i = 0; i < LoadTable.MAX_CLUSTERS_OF_A_CLIENT; i++) {
      assertThat(table.add("greedy", report(name(0, i), 1))).isTrue();
    }
    assertThat(table.add("greedy", report("another", 1))).isFalse();
    assertThat(table.add("modest", report("another", 1))).isTrue();
  }

  @Test
  void aNameThatIsTooLongIsNotKept() {
    assertThat(table.add("a", report("x".repeat(LoadTable.MAX_NAME_LENGTH), 1))).isTrue();
    assertThat(table.add("a", report("x".repeat(LoadTable.MAX_NAME_LENGTH + 1), 1))).isFalse();
    assertThat(table.list()).hasSize(1);
  }

  private void fill() {
    int clients = LoadTable.MAX_CLUSTERS / LoadTable.MAX_CLUSTERS_OF_A_CLIENT;
    for (int client = 0; client < clients; client++) {
      for (int i = 0; i < LoadTable.MAX_CLUSTERS_OF_A_CLIENT; i++) {
        assertThat(table.add("client-" + client, report(name(client, i), 1))).isTrue();
      }
    }
  }

  private static String name(int client, int number) {
    return "client-" + client + "/" + number;
  }

  private static ClusterStats report(String cluster, long issued) {
    return ClusterStats.newBuilder()
        .setClusterName(cluster)
        .addUpstreamLocalityStats(UpstreamLocalityStats.newBuilder().setTotalIssuedRequests(issued))
        .build();
  }
}
