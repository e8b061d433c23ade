package dev.holdfast.control.xds;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import dev.holdfast.control.internal.ContentVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * An xDS resource, encoded once. The version is a hash of the bytes, so that control planes side by
 * side, and a restarted one, give the same version to the same content. Immutable.
 */
public final class XdsResource {
  private final ResourceType type;
  private final String name;
  private final ByteString value;
  private final String version;
  private final @Nullable XdsResource forGrpcJava;

  private XdsResource(
      ResourceType type,
      String name,
      ByteString value,
      String version,
      @Nullable XdsResource forGrpcJava) {
    this.type = type;
    this.name = name;
    this.value = value;
    this.version = version;
    this.forGrpcJava = forGrpcJava;
  }

  /**
   * Encodes a message; maps in the order of their keys, so that equal messages have equal bytes.
   *
   * @param name the name by which clients subscribe to it: that of its service, or {@code
   *     service/part} for one of several of a service
   */
  public static XdsResource of(ResourceType type, String name, Message message) {
    byte[] bytes = new byte[message.getSerializedSize()];
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      out.useDeterministicSerialization();
      message.writeTo(out);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException("an array of the right size has no room", e);
    }
    return new XdsResource(type, name, ByteString.copyFrom(bytes), ContentVersion.of(bytes), null);
  }

  /** The same resource, but clients made with grpc-java get the other one, of the same name. */
  public XdsResource withForGrpcJava(XdsResource other) {
    if (type != other.type || !name.equals(other.name)) {
      throw new IllegalArgumentException(other + " (expected: " + type + " " + name + ")");
    }
    // A change of the other one alone is a change, too.
    return new XdsResource(type, name, value, ContentVersion.of(version + other.version), other);
  }

  /** The resource for grpc-java clients: this one, unless another one was set. */
  public XdsResource forGrpcJava() {
    return forGrpcJava == null ? this : forGrpcJava;
  }

  public ResourceType type() {
    return type;
  }

  public String name() {
    return name;
  }

  /** The message as bytes: the {@code value} of an {@code Any}. */
  public ByteString value() {
    return value;
  }

  /** Sixteen hex digits of the hash of the bytes. */
  public String version() {
    return version;
  }

  /** The service that a resource belongs to: what stands before the first slash of its name. */
  public static String serviceOf(String name) {
    int slash = name.indexOf('/');
    return slash < 0 ? name : name.substring(0, slash);
  }

  /** Whether type, name and content are equal. */
  @Override
  public boolean equals(@Nullable Object o) {
    return o instanceof XdsResource other
        && type == other.type
        && name.equals(other.name)
        && version.equals(other.version)
        && value.equals(other.value);
  }

  @Override
  public int hashCode() {
    return version.hashCode();
  }

  @Override
  public String toString() {
    return type.shortName() + " " + name + " " + version;
  }
}
