package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.etcd.proto.KeyValue;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RequestOp;
import dev.holdfast.registry.etcd.proto.ResponseOp;
import dev.holdfast.registry.etcd.proto.TxnRequest;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The check that warns when one service name is a prefix of another: {@code orders} and {@code
 * orders-v2}.
 *
 * <p>Holdfast keeps them apart by the slash behind the name. Go's resolvers before etcd 3.5.1 watch
 * the prefix without the slash, so they mix the endpoints of both. The check is one transaction of
 * reads for each service that is announced. Confined to the scheduler.
 */
final class NamePrefixCheck {
  private static final Logger log = LoggerFactory.getLogger(NamePrefixCheck.class);

  static final String ADVICE =
      "older Go resolvers take the endpoints of both for the first; rename one";

  /** etcd allows 128 operations in a transaction (--max-txn-ops). */
  @Limit(
      of = "letters of the shorter names that a new name may begin with",
      then = "longer ones are not warned of")
  private static final int MAX_PREFIXES = 100;

  private final EtcdStore store;
  private final Set<String> asked = new HashSet<>();

  NamePrefixCheck(EtcdStore store) {
    this.store = store;
  }

  void check(ServiceName service) {
    if (!asked.add(service.path())) {
      return;
    }
    String name = service.name();
    String before = service.path().substring(0, service.path().length() - name.length());
    TxnRequest.Builder request = TxnRequest.newBuilder();
    // Names that begin with this one sort on both sides of "name/": '-' and '.' are below the
    // slash.
    request.addSuccess(firstKey(service.path(), service.path() + "/"));
    request.addSuccess(
        firstKey(
            service.path() + "0",
            EtcdKeys.KeyRange.endOf(ByteString.copyFromUtf8(service.path())).toStringUtf8()));
    for (int length = 1; length < Math.min(name.length(), MAX_PREFIXES); length++) {
      String shorter = before + name.substring(0, length);
      request.addSuccess(firstKey(shorter + "/", shorter + "0"));
    }
    store.txn(
        request.build(),
        reply -> reply.getResponsesList().forEach(found -> warn(service, found)),
        // Only a warning is lost; it is asked again when the service is announced again.
        error -> {
          asked.remove(service.path());
          log.debug("event=etcd_name_check_failed service={}", service, error);
        });
  }

  private static RequestOp firstKey(String from, String to) {
    return RequestOp.newBuilder()
        .setRequestRange(
            RangeRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(from))
                .setRangeEnd(ByteString.copyFromUtf8(to))
                .setKeysOnly(true)
                .setLimit(1))
        .build();
  }

  private static void warn(ServiceName service, ResponseOp found) {
    for (KeyValue record : found.getResponseRange().getKvsList()) {
      Optional<String> other =
          EtcdKeys.serviceOf(service.namespace(), record.getKey().toStringUtf8());
      other.ifPresent(
          name ->
              log.warn(
                  "event=etcd_name_is_prefix service={} other={} advice=\"{}\"",
                  service.name(),
                  name,
                  ADVICE));
    }
  }
}
