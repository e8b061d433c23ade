package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.ServiceName;
import java.util.Optional;

/**
 * The layout of keys in etcd: {@code namespace/service/host:port}, without a leading slash.
 *
 * <p>This is the layout of Go's {@code naming/endpoints} with the service's path as its target, so
 * both find each other's records.
 */
final class EtcdKeys {
  private static final ByteString EVERYTHING = ByteString.copyFrom(new byte[] {0});

  private EtcdKeys() {}

  /** The key of one record. */
  static ByteString record(ServiceName service, HostPort address) {
    return ByteString.copyFromUtf8(service.path() + "/" + address);
  }

  /** All records of a service. The slash keeps {@code orders-v2} out of {@code orders}. */
  static KeyRange service(ServiceName service) {
    return KeyRange.prefix(service.path() + "/");
  }

  /** Everything in a namespace; the whole store for the empty one. */
  static KeyRange namespace(String namespace) {
    return namespace.isEmpty()
        ? new KeyRange(EVERYTHING, EVERYTHING)
        : KeyRange.prefix(namespace + "/");
  }

  /**
   * The service's name that a key of a namespace belongs to; empty for keys of nested ones, and for
   * those of somebody else that no service can have.
   */
  static Optional<String> serviceOf(String namespace, String key) {
    int start = namespace.isEmpty() ? 0 : namespace.length() + 1;
    int slash = key.indexOf('/', start);
    if (slash <= start || slash == key.length() - 1 || key.indexOf('/', slash + 1) >= 0) {
      return Optional.empty();
    }
    return Optional.of(key.substring(start, slash)).filter(ServiceName::isName);
  }

  /**
   * A range of keys as etcd understands it.
   *
   * @param key the first key
   * @param end the first key behind the range; empty for the single key
   */
  record KeyRange(ByteString key, ByteString end) {

    static KeyRange single(ByteString key) {
      return new KeyRange(key, ByteString.EMPTY);
    }

    static KeyRange prefix(String prefix) {
      ByteString key = ByteString.copyFromUtf8(prefix);
      return new KeyRange(key, endOf(key));
    }

    /** The first key that doesn't begin with the prefix. Names are ASCII, so no byte overflows. */
    static ByteString endOf(ByteString prefix) {
      byte[] end = prefix.toByteArray();
      end[end.length - 1]++;
      return ByteString.copyFrom(end);
    }

    @Override
    public String toString() {
      return key.equals(EVERYTHING) ? "(everything)" : key.toStringUtf8();
    }
  }
}
