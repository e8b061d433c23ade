package dev.holdfast.stork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import io.smallrye.stork.api.Service;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of a real Stork on a real etcd, which goes away and comes back. */
class StorkEtcdTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir Path folder;
  private final StorkApplication stork = new StorkApplication();
  private EtcdProcess etcd;
  private AnnouncedInstances servers;

  @BeforeEach
  void startEtcd() throws IOException {
    etcd = EtcdProcess.start(folder);
    servers = new AnnouncedInstances(etcd.uri("prod"), "orders");
  }

  @AfterEach
  void stopEtcd() {
    stork.close();
    servers.close();
    etcd.close();
  }

  @Test
  void theListStaysWhileEtcdIsAwayAndGoesOnAfterwards() throws Exception {
    servers.add(1001);
    servers.add(1002);
    Service orders = stork.define("orders", Map.of("registry", etcd.uri("prod")), "round-robin");
    await().atMost(LIMIT).until(() -> StorkApplication.ports(orders).size() == 2);

    etcd.kill();
    await()
        .atMost(LIMIT)
        .until(
            () -> directory().state(ServiceName.parse("prod/orders")) == EndpointListState.STALE);
    assertThat(StorkApplication.selected(orders, 4)).containsExactly(1001, 1002);

    etcd.start();
    etcd.awaitHealthy();
    servers.add(1003);
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(StorkApplication.ports(orders)).containsExactly(1001, 1002, 1003));
  }

  @Test
  void anApplicationThatStartsWithoutEtcdIsToldSoAndGoesOnLater() throws Exception {
    servers.add(1001);
    etcd.kill();
    Service orders = stork.define("orders", Map.of("registry", etcd.uri("prod")), "round-robin");
    assertThat(StorkApplication.hasNone(orders)).isTrue();

    etcd.start();
    await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> StorkApplication.ports(orders).size() == 1);
  }

  /** The lists of the process's client of this etcd, which Stork shares. */
  private EndpointDirectory directory() {
    return Registries.shared().directories().stream()
        .filter(lists -> etcd.uri("prod").startsWith(lists.registry().describe()))
        .findAny()
        .orElseThrow();
  }
}
