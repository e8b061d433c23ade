/**
 * From the endpoints of a service and the policy to the resources of xDS. Pure, but for the file
 * that the policy is read from.
 */
@NullMarked
package dev.holdfast.control.resources;

import org.jspecify.annotations.NullMarked;
