"""Builds the web application: endpoints, their checks, and errors of one line."""

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import torch
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field, model_validator
from starlette.exceptions import HTTPException  # FastAPI's is a part of it

from hf_lstm import __version__
from hf_lstm.api.batching import Batcher, BusyError
from hf_lstm.api.bodies import MAX_CHARACTERS
from hf_lstm.api.body_limit import BodyLimit
from hf_lstm.api.head_requests import HeadAsGet
from hf_lstm.errors import InputError, shorten
from hf_lstm.extras import is_installed
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.labels import name_labels, rank_labels

MAX_TEXTS = 256
"""In one request."""

_NO_OBJECT = 'the body is no JSON object; expected one such as {"text": "..."}, as Content-Type: application/json'

logger = logging.getLogger(__name__)


class ClassifyRequest(BaseModel, extra="forbid"):
    """Asks for the labels of texts."""

    text: str | None = Field(None, max_length=MAX_CHARACTERS, description="one text")
    texts: list[str] | None = Field(None, max_length=MAX_TEXTS, description="or several")
    top_k: int | None = Field(None, ge=1, strict=True, description="how many labels of each text; by default the best")

    @model_validator(mode="after")
    def check(self) -> "ClassifyRequest":
        """Check that texts are given in one of both ways, and that none is too long."""
        if (self.text is None) == (self.texts is None):
            raise ValueError("expected either text or texts")
        for row, text in enumerate(self.texts or ()):
            if len(text) > MAX_CHARACTERS:
                raise ValueError(f"texts[{row}] has {len(text):,} characters; at most {MAX_CHARACTERS:,}")
        return self


class ExplainRequest(BaseModel, extra="forbid"):
    """Asks what each word of a text adds to the answer."""

    text: str = Field(max_length=MAX_CHARACTERS)
    label: str | None = Field(None, description="the label to explain; by default that of LSTMSentiment.explain")


class Label(BaseModel):
    """Holds a label with its probability."""

    label: str
    score: float


class ClassifyResponse(BaseModel):
    """Holds an answer for each text: its label, or with `top_k` a list of labels, or a list of any number of labels."""

    answers: list[Label] | list[list[Label]]


class Word(BaseModel):
    """Holds a word, its place in the text, and what it adds."""

    word: str
    start: int
    end: int
    contribution: float


class ExplainResponse(BaseModel):
    """Holds the words of a text."""

    label: str
    against: str | None
    words: list[Word]


class Health(BaseModel):
    """Says that the model answers."""

    status: str
    model: str
    labels: list[str]
    version: str


def build_app(model: LSTMSentiment, *, name: str) -> FastAPI:
    """Build the application of a model.

    Its endpoints are `/classify`, `/explain`, `/health`, `/docs` and `/openapi.json`.

    Args:
        model: what classifies.
        name: what `/health` calls it.
    """

    def compute(texts: Sequence[str]) -> torch.Tensor:
        return model.predict_proba(texts, show_progress=False)

    batcher = Batcher(compute)

    @contextlib.asynccontextmanager
    async def close_at_end(app: FastAPI) -> AsyncIterator[None]:
        yield
        batcher.close()

    app = _create_app(title=f"hf_lstm: {name}", version=__version__, lifespan=close_at_end)
    app.state.batcher = batcher
    app.add_middleware(BodyLimit)
    app.add_middleware(HeadAsGet)
    _add_error_handlers(app)

    @app.post("/classify", response_model=ClassifyResponse, summary="Label texts")
    async def classify(request: ClassifyRequest) -> dict[str, Any]:
        texts = request.texts if request.text is None else [request.text]
        assert texts is not None
        probabilities = await batcher.submit(texts) if texts else torch.empty(0, len(model.labels))
        ranked = request.top_k is not None
        return {
            "answers": rank_labels(probabilities, model.labels, request.top_k)
            if ranked
            else name_labels(probabilities, model.config)
        }

    @app.post("/explain", response_model=ExplainResponse, summary="Explain an answer by its words")
    async def explain(request: ExplainRequest) -> dict[str, Any]:
        explanation = await batcher.run(lambda: model.explain(request.text, label=request.label))
        return {"label": explanation.label, "against": explanation.against, "words": list(explanation)}

    @app.get("/", include_in_schema=False)
    async def show_description() -> RedirectResponse:
        return RedirectResponse("docs")

    @app.get("/health", response_model=Health, summary="Say whether the model answers")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "model": name, "labels": model.labels, "version": __version__}

    return app


def _create_app(**fields: Any) -> FastAPI:
    """Create an application, whose page `/docs` needs no network where fastapi-offline is installed."""
    if not is_installed("fastapi_offline"):  # gradio brings FastAPI without it
        return FastAPI(**fields)
    from fastapi_offline import FastAPIOffline

    return FastAPIOffline(**fields)


def _add_error_handlers(app: FastAPI) -> None:
    """Tell each error in one line, `{"detail": "..."}`; what is not the client's gives nothing away."""

    @app.exception_handler(RequestValidationError)
    async def tell_what_is_wrong(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": _tell(error.errors()[0])}, 422)

    @app.exception_handler(InputError)
    async def tell_input_error(request: Request, error: InputError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(BusyError)
    async def tell_busy(request: Request, error: BusyError) -> JSONResponse:
        return JSONResponse({"detail": "too many texts wait already; try again in a second"}, 503, {"retry-after": "1"})

    @app.exception_handler(HTTPException)
    async def tell_status(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400:  # JSON that can't be read at all: no UTF-8, too deep, or endless numbers
            return JSONResponse({"detail": _NO_OBJECT}, 422)
        return JSONResponse({"detail": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def tell_nothing(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s: %s", request.url.path, type(error).__name__)  # its message may hold the text
        return JSONResponse({"detail": "something went wrong here; the request is not to blame"}, 500)


def _tell(error: Mapping[str, Any]) -> str:
    """Tell in one line what is wrong with a body."""
    place = ".".join(str(part) for part in error["loc"][1:])  # the first part is "body"
    if error["type"] == "json_invalid" or (not place and error["type"] != "value_error"):
        return _NO_OBJECT
    if error["type"] == "extra_forbidden":
        return f"there is no field {shorten(ascii(place))}"
    return f"{place}: {error['msg']}".removeprefix(": ").removeprefix("Value error, ")
