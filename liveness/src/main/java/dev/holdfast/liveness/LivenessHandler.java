package dev.holdfast.liveness;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import java.util.function.Function;

/**
 * Watches one HTTP/2 connection; meant as the first handler of its pipeline.
 *
 * <p>One handler serves one channel.
 */
public final class LivenessHandler extends ChannelDuplexHandler {
  private final LivenessOptions options;
  private final Function<ChannelHandlerContext, ConnectionObserver> observerOf;
  private final LivenessMeters meters;
  private final Role role;

  /**
   * A handler for one channel.
   *
   * @param observerOf who hears of the connection; asked once, on the event loop, when the peer's
   *     SETTINGS were seen
   */
  public LivenessHandler(
      LivenessOptions options,
      Function<ChannelHandlerContext, ConnectionObserver> observerOf,
      LivenessMeters meters,
      Role role) {
    this.options = options;
    this.observerOf = observerOf;
    this.meters = meters;
    this.role = role;
  }

  @Override
  public String toString() {
    return "LivenessHandler["
        + role
        + ", "
        + options
        + (meters == LivenessMeters.NONE)
        + observerOf
        + "]";
  }
}
