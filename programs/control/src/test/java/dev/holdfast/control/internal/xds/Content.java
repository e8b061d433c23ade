package dev.holdfast.control.internal.xds;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.StringValue;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import java.util.Arrays;
import java.util.List;

/**
 * What a resource of the simulation says.
 *
 * @param revision makes contents differ
 * @param refersTo names of clusters
 * @param bad whether every client rejects it
 */
record Content(long revision, List<String> refersTo, boolean bad) {

  XdsResource resource(ResourceType type, String name) {
    String text = revision + " " + (bad ? "bad" : "good") + " " + String.join(",", refersTo);
    return XdsResource.of(type, name, StringValue.of(text));
  }

  static Content of(XdsResource resource) {
    try {
      String[] words = StringValue.parseFrom(resource.value()).getValue().split(" ", -1);
      List<String> clusters =
          Arrays.stream(words[2].split(",", -1)).filter(name -> !name.isEmpty()).toList();
      return new Content(Long.parseLong(words[0]), clusters, words[1].equals("bad"));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }
}
