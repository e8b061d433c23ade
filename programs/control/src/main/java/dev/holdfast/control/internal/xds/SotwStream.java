package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.annotation.PureCore;
import java.util.function.Function;

/** A stream of the state-of-the-world variant, which is the one that clients of gRPC speak. */
@PureCore
public class SotwStream extends OrderedStream<SotwSubscription> {
  public SotwStream() {
    this(SotwSubscription::new);
  }

  SotwStream(Function<ResourceType, SotwSubscription> make) {
    super(make);
  }

  /**
   * The client asks, answers, or both.
   *
   * @throws XdsViolation when it asks for more than it may
   */
  public Acknowledgement onRequest(SotwRequest request) throws XdsViolation {
    return of(request.type()).onRequest(request);
  }
}
