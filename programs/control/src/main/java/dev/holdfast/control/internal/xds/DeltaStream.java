package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.annotation.PureCore;
import java.util.function.Function;

/** A stream of the incremental variant, as Envoy speaks it. */
@PureCore
public class DeltaStream extends OrderedStream<DeltaSubscription> {
  public DeltaStream() {
    this(DeltaSubscription::new);
  }

  DeltaStream(Function<ResourceType, DeltaSubscription> make) {
    super(make);
  }

  /**
   * The client asks, answers, or both.
   *
   * @throws XdsViolation when it asks for more than it may
   */
  public Acknowledgement onRequest(DeltaRequest request) throws XdsViolation {
    return of(request.type()).onRequest(request);
  }
}
