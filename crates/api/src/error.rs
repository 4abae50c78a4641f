//! Refusals as the service words them: the name in a header, the kind and the message in the body.
//!
//! The texts are those that clients were seen to receive, else those of the API reference with "because" for
//! the full stop, which is the difference between the two wherever both are known. Programs compare them:
//! infrastructure tools take "not owned by the current account" for "is gone".

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

/// Header that carries the error's name; clients read it before the body.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

const OVERTAKEN: &str = "ConflictException";

/// The error shapes of the interface model, then what the front of every service answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ErrorName {
    BadRequest,
    AccessDenied,
    ResourceNotFound,
    Conflict,
    InternalServerError,
    MissingAuthenticationToken,
    IncompleteSignature,
    InvalidSignature,
    UnrecognizedClient,
    UnknownOperation,
    RequestTooLarge,
    RequestTimeout,
    Throttling,
}

impl ErrorName {
    fn status(self) -> StatusCode {
        match self {
            ErrorName::BadRequest | ErrorName::IncompleteSignature | ErrorName::Throttling => {
                StatusCode::BAD_REQUEST
            }
            ErrorName::AccessDenied
            | ErrorName::MissingAuthenticationToken
            | ErrorName::InvalidSignature
            | ErrorName::UnrecognizedClient => StatusCode::FORBIDDEN,
            ErrorName::ResourceNotFound | ErrorName::UnknownOperation => StatusCode::NOT_FOUND,
            ErrorName::Conflict => StatusCode::CONFLICT,
            ErrorName::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorName::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorName::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ErrorName::BadRequest => "BadRequestException",
            ErrorName::AccessDenied => "AccessDeniedException",
            ErrorName::ResourceNotFound => "ResourceNotFoundException",
            ErrorName::Conflict => "ConflictException",
            ErrorName::InternalServerError => "InternalServerErrorException",
            ErrorName::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            ErrorName::IncompleteSignature => "IncompleteSignatureException",
            ErrorName::InvalidSignature => "InvalidSignatureException",
            ErrorName::UnrecognizedClient => "UnrecognizedClientException",
            ErrorName::UnknownOperation => "UnknownOperationException",
            ErrorName::RequestTooLarge => "RequestTooLargeException",
            ErrorName::RequestTimeout => "RequestTimeoutException",
            ErrorName::Throttling => "ThrottlingException",
        }
    }
}

/// Why a request is not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    pub(crate) name: ErrorName,
    /// `__type` of the body. It differs from the name for bad requests only.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(name: ErrorName, message: impl Into<String>) -> Refusal {
        Refusal { name, kind: name.as_str(), message: message.into() }
    }

    /// A bad request; `reason` completes "The request is rejected because …".
    pub(crate) fn bad(kind: &'static str, reason: &str) -> Refusal {
        let message = format!("The request is rejected because {reason}.");
        Refusal { name: ErrorName::BadRequest, kind, message }
    }

    pub(crate) fn invalid(reason: &str) -> Refusal {
        Refusal::bad("InvalidInputException", reason)
    }

    /// A parameter is malformed.
    pub(crate) fn parameter(name: &str) -> Refusal {
        Refusal::invalid(&format!("the parameter {name} has an invalid value"))
    }

    /// A number or a length is out of its range.
    pub(crate) fn range(name: &str) -> Refusal {
        match name {
            "maxResults" => Refusal::invalid("the parameter maxResults is out-of-bounds"),
            "findingIds" => {
                Refusal::invalid("the number of requested finding IDs is out-of-bounds")
            }
            _ => Refusal::invalid(
                "an invalid or out-of-range value is specified as an input parameter",
            ),
        }
    }

    pub(crate) fn missing() -> Refusal {
        Refusal::invalid("the required query or path parameters are not specified")
    }

    pub(crate) fn json() -> Refusal {
        Refusal::invalid("the JSON could not be processed")
    }

    pub(crate) fn not_owned(parameter: &str) -> Refusal {
        let reason = format!("the input {parameter} is not owned by the current account");
        Refusal::bad("NoSuchEntityException", &reason)
    }

    /// An unknown filter or destination.
    pub(crate) fn no_such_resource() -> Refusal {
        let message = "The request is rejected since no such resource found.".to_owned();
        Refusal { name: ErrorName::BadRequest, kind: "InvalidInputException", message }
    }

    /// The caller was overtaken by another request; the whole operation can be tried again.
    pub(crate) fn overtaken() -> Refusal {
        let reason = "another request changed the same resource at the same time";
        Refusal::bad(OVERTAKEN, reason)
    }

    pub(crate) fn is_overtaken(&self) -> bool {
        self.kind == OVERTAKEN
    }

    pub(crate) fn internal() -> Refusal {
        Refusal {
            name: ErrorName::InternalServerError,
            kind: "InternalException",
            message: "Internal server error.".to_owned(),
        }
    }

    /// The operation exists and this server does not do it.
    pub(crate) fn unserved(operation: &str) -> Refusal {
        let reason = format!("the operation {operation} is not supported by this server");
        Refusal::bad("UnsupportedOperationException", &reason)
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let body = json!({ "__type": self.kind, "message": self.message }).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.name.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ERROR_TYPE, HeaderValue::from_static(self.name.as_str()));
        response
    }
}
