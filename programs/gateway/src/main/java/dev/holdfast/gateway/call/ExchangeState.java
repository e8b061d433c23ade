package dev.holdfast.gateway.call;

/**
 * The state of an {@link HttpExchange}: how far its request was read, and its response written. Any
 * event that the table does not have is a bug and throws.
 *
 * <pre>
 *                    request ends       response begins  response ends  upgrade  gone
 * RECEIVING          AWAITING_RESPONSE  DUPLEX           ANSWERED       -        OVER
 * AWAITING_RESPONSE  -                  RESPONDING       OVER           DUPLEX   OVER
 * DUPLEX             RESPONDING         -                ANSWERED       -        OVER
 * RESPONDING         -                  -                OVER           -        OVER
 * ANSWERED           OVER               -                -              -        OVER
 * OVER               OVER               -                -              -        OVER
 * </pre>
 */
public enum ExchangeState {
  /** The request is being read, and no part of the response was written. */
  RECEIVING(false, false, false),
  /** The request has ended, and no part of the response was written. */
  AWAITING_RESPONSE(true, false, false),
  /** The request is being read, and the response has begun. */
  DUPLEX(false, true, false),
  /** The request has ended, and the response has begun. */
  RESPONDING(true, true, false),
  /** The response has ended, and the request has not: the rest of it is of no use. */
  ANSWERED(false, true, true),
  /** Request and response have ended, or the exchange was aborted. */
  OVER(true, true, true);

  private final boolean requestEnded;
  private final boolean responseBegun;
  private final boolean responseEnded;

  ExchangeState(boolean requestEnded, boolean responseBegun, boolean responseEnded) {
    this.requestEnded = requestEnded;
    this.responseBegun = responseBegun;
    this.responseEnded = responseEnded;
  }

  /** Whether no part of the request follows. */
  public boolean isRequestEnded() {
    return requestEnded;
  }

  /** Whether a part of the response was written. */
  public boolean isResponseBegun() {
    return responseBegun;
  }

  /** Whether no part of the response follows. */
  public boolean isResponseEnded() {
    return responseEnded;
  }

  /** The state after the last part of the request. */
  public ExchangeState onRequestEnd() {
    return switch (this) {
      case RECEIVING -> AWAITING_RESPONSE;
      case DUPLEX -> RESPONDING;
      case ANSWERED, OVER -> OVER;
      case AWAITING_RESPONSE, RESPONDING -> throw illegal("request ends");
    };
  }

  /** The state after the head of a response whose body follows. */
  public ExchangeState onResponseBegin() {
    return switch (this) {
      case RECEIVING -> DUPLEX;
      case AWAITING_RESPONSE -> RESPONDING;
      case DUPLEX, RESPONDING, ANSWERED, OVER -> throw illegal("response begins");
    };
  }

  /** The state after the last part of the response. */
  public ExchangeState onResponseEnd() {
    return switch (this) {
      case RECEIVING, DUPLEX -> ANSWERED;
      case AWAITING_RESPONSE, RESPONDING -> OVER;
      case ANSWERED, OVER -> throw illegal("response ends");
    };
  }

  /** The state after an upgrade, with which both directions begin anew. */
  public ExchangeState onUpgrade() {
    if (this != AWAITING_RESPONSE) {
      throw illegal("upgrade");
    }
    return DUPLEX;
  }

  /** The state after the loss of the client, or the abort of the response. */
  public ExchangeState onGone() {
    return OVER;
  }

  private IllegalStateException illegal(String event) {
    return new IllegalStateException("exchange: " + event + " in " + this);
  }
}
