package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.KeyValue;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceRecordSetTest {
  private final ServiceRecordSet records = new ServiceRecordSet((key, reason) -> {});

  @Test
  void whoDrainedAndLeftBetweenTwoShowingsIsShownDrainingFirst() {
    records.replace(List.of(record(at(1)), record(at(2))));
    assertThat(records.takeLists()).containsExactly(EndpointSet.of(at(1), at(2)));

    records.apply(put(at(1).withDraining(true)));
    records.apply(delete(at(1)));

    assertThat(records.takeLists())
        .containsExactly(EndpointSet.of(at(1).withDraining(true), at(2)), EndpointSet.of(at(2)));
  }

  @Test
  void whoWasShownDrainingJustLeaves() {
    records.replace(List.of(record(at(1))));
    records.apply(put(at(1).withDraining(true)));
    assertThat(records.takeLists()).containsExactly(EndpointSet.of(at(1).withDraining(true)));

    records.apply(delete(at(1)));

    assertThat(records.takeLists()).containsExactly(EndpointSet.EMPTY);
  }

  @Test
  void whoVanishedWithoutAWordIsNotShownDraining() {
    records.replace(List.of(record(at(1))));
    records.apply(delete(at(1)));
    assertThat(records.takeLists()).containsExactly(EndpointSet.EMPTY);
  }

  @Test
  void whoLeftAndCameBackIsThere() {
    records.replace(List.of(record(at(1))));
    records.apply(put(at(1).withDraining(true)));
    records.apply(delete(at(1)));
    records.apply(put(at(1).withInstance("again")));

    List<EndpointSet> lists = records.takeLists();

    assertThat(lists.get(lists.size() - 1)).isEqualTo(EndpointSet.of(at(1).withInstance("again")));
  }

  @Test
  void aValueThatTurnsIntoGarbageTakesItsEndpointAway() {
    records.replace(List.of(record(at(1))));
    records.apply(
        Event.newBuilder()
            .setKv(record(at(1)).toBuilder().setValue(ByteString.copyFromUtf8("garbage")))
            .build());
    assertThat(records.takeLists()).containsExactly(EndpointSet.EMPTY);
  }

  private static KeyValue record(Endpoint endpoint) {
    return KeyValue.newBuilder()
        .setKey(ByteString.copyFromUtf8("test/orders/" + endpoint.address()))
        .setValue(EtcdRecord.encode(endpoint))
        .build();
  }

  private static Event put(Endpoint endpoint) {
    return Event.newBuilder().setKv(record(endpoint)).build();
  }

  private static Event delete(Endpoint endpoint) {
    return Event.newBuilder().setType(Event.EventType.DELETE).setKv(record(endpoint)).build();
  }
}
