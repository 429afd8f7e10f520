"""
A small service around an engine: what should answer this request? Needs `pip install 'policy_engine[examples]'`.

    uvicorn examples.fastapi_service:app          # or: python examples/fastapi_service.py
    curl localhost:8000/decide -H 'content-type: application/json' \
         -d '{"task": "faq", "input": "What are your opening hours?"}'
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Body, FastAPI, HTTPException, Request

from policy_engine import Engine
from policy_engine.model.request import read_request

POLICIES = os.environ.get("POLICIES") or Path(__file__).parents[1] / "policies"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens one engine for the life of the process; it watches the folder and takes changes over."""
    async with Engine.open(POLICIES) as engine:
        app.state.engine = engine
        yield


app = FastAPI(title="policies", lifespan=lifespan)


@app.post("/decide")
async def decide(http: Request, body: dict[str, Any] = Body(), trace: bool = False) -> dict[str, Any]:  # noqa: B008  (how FastAPI is told)
    """What the policies say about a request, or about the body of a chat completion. No model is called."""
    engine: Engine = http.app.state.engine
    try:
        request = read_request(body, attributes=engine.policy_set.declarations.attributes)
    except ValueError as problem:
        raise HTTPException(status_code=422, detail=str(problem)) from None
    decision = await engine.decide_async(request, trace=trace)
    return decision.to_json()


@app.get("/status")
async def status(http: Request) -> dict[str, Any]:
    """Which policies this process serves, and what hinders newer ones."""
    return dict(http.app.state.engine.status().to_json())


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="127.0.0.1", port=8000)
