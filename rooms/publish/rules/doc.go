// Package rules says whether a policy lets a message in: whether its lane and type may be used, whether its content is
// short enough and as the type's schema says, and whether the application that the policy names agrees.
//
// Everything is asked in this order, so that the application hears only of what is right otherwise. It is told what is
// to be published and by whom, and never to whom. Who does not answer in time, or not as agreed, has not agreed.
// A policy without such rules costs a look at four empty fields.
//
// What is refused is not kept, and a later repeat of the same request is judged anew, as the policy is then.
package rules
