/** Connection setup before HTTP: the PROXY protocol, protocol detection, and the TCP proxy. */
@NullMarked
package dev.holdfast.gateway.edge;

import org.jspecify.annotations.NullMarked;
