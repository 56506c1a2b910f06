"""`flotilla doctor`: what a model will cost, weigh and take, before anything is deployed.

subject -> what is examined: a model of ours, or anybody's ONNX file
anatomy -> what the graph is made of, and what of it will hurt
patient -> the handler that a sandbox runs, timing its own start
examination -> the same function at every memory size, under its share of a processor
costs, advice -> prices, and what to choose
tables, charts, text, page -> how it reads
"""
