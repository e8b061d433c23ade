package dev.holdfast.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.admin.AdminAddress;
import dev.holdfast.core.Clock;
import dev.holdfast.core.HostPort;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages over the rows of several processes. */
class FleetPagesTest {
  private static final int PROCESSES = 3;
  private static final int LARGEST_SENT = 50;

  /** Rows with the same value in several processes, processes with one row or none. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void everyRowIsOnOnePageInOrder(long seed) throws Exception {
    Random random = new Random(seed);
    List<FakeAdminServer> servers = new ArrayList<>();
    List<Long> all = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      List<Long> sent =
          random.longs(random.nextInt(30), 0, LARGEST_SENT).distinct().boxed().toList();
      all.addAll(sent);
      servers.add(FakeAdminServer.start("process" + i, sent));
    }
    int limit = 1 + random.nextInt(8);
    boolean ascending = random.nextBoolean();
    List<FleetRow> shown = new ArrayList<>();
    try (FleetReader reader = reader(servers)) {
      FleetQuery query = new FleetQuery(FleetView.STREAMS, "sent", ascending, List.of(), limit);
      FleetSnapshot page = reader.read(query);
      shown.addAll(page.rows());
      while (page.more()) {
        assertThat(page.rows()).as("seed %s", seed).hasSize(limit);
        page = reader.read(query.from(reader.behind(page)));
        shown.addAll(page.rows());
        assertThat(shown).as("seed %s", seed).hasSizeLessThanOrEqualTo(all.size());
      }
      assertThat(page.matched()).isEqualTo(all.size());
    } finally {
      servers.forEach(FakeAdminServer::close);
    }
    assertThat(shown).as("seed %s", seed).extracting(FleetRow::values).doesNotHaveDuplicates();
    all.sort(ascending ? Comparator.naturalOrder() : Comparator.reverseOrder());
    assertThat(shown)
        .as("seed %s", seed)
        .extracting(row -> row.values().get("sent"))
        .containsExactlyElementsOf(List.<Object>copyOf(all));
  }

  @Test
  void processThatFallsSilentDoesNotHoldUpTheOthers() throws Exception {
    try (FakeAdminServer good = FakeAdminServer.start("good", List.of(1L, 2L));
        SilentListener silent = new SilentListener();
        FleetReader reader =
            new FleetReader(
                () -> FleetServices.ServicesState.NONE,
                List.of(good.address(), silent.address()),
                FleetPagesTest::channel,
                Clock.system())) {
      FleetQuery query = FleetQuery.of(FleetView.STREAMS, List.of(), 10);
      FleetSnapshot first = reader.read(query);
      assertThat(first.rows()).hasSize(2);
      assertThat(first.silent()).hasSize(1);

      // Its patience would be over only after the deadline of each of these looks.
      int looks = 20;
      long begun = System.nanoTime();
      for (int i = 0; i < looks; i++) {
        assertThat(reader.read(query).rows()).hasSize(2);
      }
      assertThat(System.nanoTime() - begun)
          .as("waits for the silent one once, not at each of %s looks", looks)
          .isLessThan(looks * FleetInstance.PATIENCE.toNanos());
    }
  }

  private static FleetReader reader(List<FakeAdminServer> servers) {
    return new FleetReader(
        () -> FleetServices.ServicesState.NONE,
        servers.stream().map(FakeAdminServer::address).toList(),
        FleetPagesTest::channel,
        Clock.system());
  }

  private static ManagedChannel channel(AdminAddress address) {
    return Grpc.newChannelBuilderForAddress(
            address.address().host(), address.address().port(), InsecureChannelCredentials.create())
        .build();
  }

  /** A port whose connections the kernel accepts, and which nobody serves. */
  private static final class SilentListener implements AutoCloseable {
    private final java.net.ServerSocket socket =
        new java.net.ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress());

    SilentListener() throws IOException {}

    HostPort address() {
      return new HostPort("127.0.0.1", socket.getLocalPort());
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
